import { z } from 'zod';
import {
  descriptionSchema,
  MAX_TRACKS,
  remoteTrackSchema,
  type Description,
  type RemoteTrack,
  type TrackReply,
  type TracksReply,
} from './calls-schema.ts';
import { isKeyRefused } from './proxy-answer.ts';
import { sdpFault } from './sdp.ts';

/** What a track is called in a request and its answer: the client finds its own by these, as it gave them. */
type TrackName = { readonly sessionId?: string | undefined; readonly trackName?: string | undefined };

/** One track of a pull. Without `track` it is malformed, and there is no such track. */
export type WantedTrack = { readonly name: TrackName; readonly track: RemoteTrack | undefined };

/** A request to pull. `sessionDescription` is what was there, whatever it is. */
export type Pull = { readonly sessionDescription: unknown; readonly wanted: readonly WantedTrack[] };

const nameSchema = z.object({
  sessionId: z.string().optional().catch(undefined),
  trackName: z.string().optional().catch(undefined),
});

const pullSchema = z.object({
  sessionDescription: z.unknown().optional(),
  tracks: z
    .array(z.looseObject({ location: z.literal('remote') }))
    .min(1)
    .max(MAX_TRACKS),
});

/**
 * A body as a pull, if it is one. Its tracks are read one by one: a client pulls together whatever the others say of
 * themselves, and one who says nonsense must not keep it from all the rest.
 */
export function readPull(body: unknown): Pull | undefined {
  const parsed = pullSchema.safeParse(body);
  if (!parsed.success) return undefined;
  const { sessionDescription, tracks } = parsed.data;
  const wanted = tracks.map((track) => ({
    name: nameSchema.parse(track),
    track: remoteTrackSchema.safeParse(track).data,
  }));
  return { sessionDescription, wanted };
}

/** The offer that came with a pull; `false` when it is none. */
export function offerOf({ sessionDescription }: Pull): Description | undefined | false {
  if (sessionDescription === undefined) return undefined;
  const parsed = descriptionSchema.safeParse(sessionDescription);
  return parsed.success && sdpFault(parsed.data, 'offer') === undefined ? parsed.data : false;
}

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  not_found_track_error: 'Track not found',
  unauthorized: 'This session belongs to somebody else',
};

const failedTrack = ({ sessionId, trackName }: TrackName, errorCode: string): TrackReply => ({
  sessionId,
  trackName,
  errorCode,
  errorDescription: DESCRIPTIONS[errorCode] ?? 'The track cannot be had at the moment',
});

/** The same error for tracks of a pull: what they are answered with when nothing else keeps the client trying. */
export const failedTracks = (wanted: readonly WantedTrack[], errorCode: string): readonly TrackReply[] =>
  wanted.map(({ name }) => failedTrack(name, errorCode));

/** A pull that has failed as a whole. */
export const failedPull = ({ wanted }: Pull, errorCode: string): object => ({
  requiresImmediateRenegotiation: false,
  tracks: failedTracks(wanted, errorCode),
});

const TRY_AGAIN = 'temporarily_unavailable_error';

/** The answer for tracks that the SFU was asked for: each has an m-line, or an error. */
export function pulledTracks(
  wanted: readonly WantedTrack[],
  replies: readonly TrackReply[],
): readonly TrackReply[] {
  const isOf = ({ name }: WantedTrack, reply: TrackReply): boolean =>
    reply.sessionId === name.sessionId && reply.trackName === name.trackName;
  const missing = wanted.filter((one) => !replies.some((reply) => isOf(one, reply)));
  const answered = replies.map(({ mid, ...reply }) => {
    if (reply.errorCode !== undefined) return reply;
    return mid === undefined || mid === '' ? failedTrack(reply, TRY_AGAIN) : { ...reply, mid };
  });
  return [...answered, ...failedTracks(missing, TRY_AGAIN)];
}

/** Why a client could make nothing of an answer to a pull, if so: the error code to tell it for each track. */
export function unusablePull(status: number, body: TracksReply): string | undefined {
  if (isKeyRefused(status, body)) return TRY_AGAIN;
  if (status >= 300 || body.errorCode !== undefined) return body.errorCode ?? TRY_AGAIN;
  if (body.tracks === undefined) return TRY_AGAIN;
  const { sessionDescription: offer, requiresImmediateRenegotiation } = body;
  const offered = offer !== undefined && sdpFault(offer, 'offer') === undefined;
  return requiresImmediateRenegotiation === true && !offered ? TRY_AGAIN : undefined;
}
