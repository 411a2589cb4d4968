import { z } from 'zod';
import { statedRoomName } from './links.ts';

/** Pages of the original send links and names; none of them is longer. */
const text = z.string().max(2_000).default('');

/** `POST /api/deadTrack`. Everything may be missing, as in the original. */
export const deadTrackSchema = z.object({
  pullSessionTrace: text,
  pushedSessionTrace: text,
  trackId: text,
  pushingUser: text,
});

/** What the page adds to a bug report. Its URL must be one, as in the original, and is not used. */
const infoSchema = z.object({
  roomName: z.string().transform((name, context) => statedRoomName(name) ?? refuse(context)),
  url: z.string().refine((url) => URL.canParse(url)),
  roomHistory: z
    .unknown()
    .optional()
    .transform((history, context) => toJson(history ?? []) ?? refuse(context)),
});

/** `POST /api/bugReport`. `info` is JSON in a form, and may be either in a JSON body; `roomHistory` comes out as JSON. */
export const bugReportSchema = z.object({
  description: z.string(),
  info: z
    .union([
      z.string().transform((json, context): unknown => fromJson(json) ?? refuse(context)),
      z.record(z.string(), z.unknown()),
    ])
    .pipe(infoSchema),
});

/** `POST /call-quality-feedback`. Only `true` is yes. */
export const callFeedbackSchema = z.object({
  experiencedIssues: z
    .unknown()
    .optional()
    .transform((value) => value === 'true' || value === true),
  meetingId: z.string().min(1).max(200),
});

function refuse(context: z.RefinementCtx): never {
  context.addIssue({ code: 'custom', message: 'not valid' });
  return z.NEVER;
}

function fromJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** Nothing where it is nested so deeply that it cannot be written. */
function toJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** A person reads no more; and nesting multiplies what indentation adds. */
const MAX_INDENTATION = 4 * 1024 * 1024;
const MAX_DEPTH = 100;

/** A report's JSON as a person reads it: indented, unless that would make far more of it than it is. */
export function readable(json: string): string {
  const value: unknown = JSON.parse(json);
  return afterIndenting(value, 0, MAX_INDENTATION) < 0 ? json : JSON.stringify(value, null, 2);
}

/** How many of so many characters are left after indenting by two. */
function afterIndenting(value: unknown, depth: number, characters: number): number {
  if (typeof value !== 'object' || value === null) return characters;
  if (depth > MAX_DEPTH) return -1;
  let left = characters;
  for (const child of Object.values(value)) {
    left = afterIndenting(child, depth + 1, left - 2 * (depth + 2));
    if (left < 0) return left;
  }
  return left;
}
