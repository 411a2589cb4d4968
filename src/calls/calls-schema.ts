import { z } from 'zod';

/** A parsed JSON object of which nothing is known yet. */
export const jsonObjectSchema = z.record(z.string(), z.unknown());
export type JsonObject = z.infer<typeof jsonObjectSchema>;

/** Opaque, and part of a URL: 32 hex digits so far. */
export const sessionIdSchema = z.string().regex(/^[\w-]{1,128}$/);

/** An m-line of the session, or `#name` for the one that carries that track. */
const midSchema = z.string().regex(/^#?[\w-]{1,64}$/);
const trackNameSchema = z.string().min(1).max(256);
const kindSchema = z.enum(['audio', 'video']);

/** Chromium writes 5 kB for each video it receives: a room of a hundred comes near to it. The SFU publishes no limit. */
const MAX_SDP_LENGTH = 1024 * 1024;
/** Of the API, for one request. */
export const MAX_TRACKS = 64;

export const descriptionSchema = z.object({
  type: z.enum(['offer', 'answer']),
  sdp: z.string().max(MAX_SDP_LENGTH),
});
export type Description = z.infer<typeof descriptionSchema>;

const orderingSchema = z.enum(['none', 'asciibetical']);
const simulcastSchema = z.object({
  preferredRid: z.string().max(64).optional(),
  priorityOrdering: orderingSchema.optional(),
  ridNotAvailable: orderingSchema.optional(),
});

export const localTrackSchema = z.object({
  location: z.literal('local'),
  trackName: trackNameSchema,
  mid: midSchema.optional(),
  kind: kindSchema.optional(),
});

export const remoteTrackSchema = z.object({
  location: z.literal('remote'),
  sessionId: sessionIdSchema,
  trackName: trackNameSchema,
  mid: midSchema.optional(),
  kind: kindSchema.optional(),
  simulcast: simulcastSchema.optional(),
});
export type RemoteTrack = z.infer<typeof remoteTrackSchema>;

/** `POST tracks/new` that publishes, with an offer unless the SFU is to make one. Unknown fields are dropped. */
export const pushSchema = z.object({
  sessionDescription: descriptionSchema.optional(),
  tracks: z.array(localTrackSchema).min(1).max(MAX_TRACKS),
});
export const renegotiateSchema = z.object({ sessionDescription: descriptionSchema });
export const closeSchema = z.object({
  tracks: z
    .array(z.object({ mid: midSchema }))
    .min(1)
    .max(MAX_TRACKS),
  sessionDescription: descriptionSchema.optional(),
  force: z.boolean().default(false),
});
export const updateSchema = z.object({
  tracks: z
    .array(remoteTrackSchema.extend({ mid: midSchema }))
    .min(1)
    .max(MAX_TRACKS),
});

const MAX_CODE_LENGTH = 128;

function readErrorCode(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' && value !== '' && value.length <= MAX_CODE_LENGTH
    ? value
    : 'internal_error';
}

/** What is told of an error in an answer. */
const errorFields = {
  // Whatever stands there, something has failed.
  errorCode: z.unknown().transform(readErrorCode).optional(),
  errorDescription: z.string().max(1_024).optional().catch(undefined),
};

/** A track in an answer. What cannot be read of it is left out, and with it the success of that track. */
const trackReplySchema = z.object({
  location: z.enum(['local', 'remote']).optional().catch(undefined),
  sessionId: z.string().max(256).optional().catch(undefined),
  trackName: z.string().max(256).optional().catch(undefined),
  mid: z.string().max(128).optional().catch(undefined),
  status: z.string().max(64).optional().catch(undefined),
  ...errorFields,
});
export type TrackReply = z.infer<typeof trackReplySchema>;

/** An answer to anything but `sessions/new`, as far as it is passed on. */
export const tracksReplySchema = z.object({
  requiresImmediateRenegotiation: z.boolean().optional().catch(undefined),
  tracks: z.array(trackReplySchema).optional().catch(undefined),
  sessionDescription: descriptionSchema.optional().catch(undefined),
  ...errorFields,
});
export type TracksReply = z.infer<typeof tracksReplySchema>;

export const sessionReplySchema = z.object({
  sessionId: sessionIdSchema,
  errorCode: z.undefined().optional(),
});
