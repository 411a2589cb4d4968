import type { CallsReply } from './calls.ts';
import { tracksReplySchema, type TracksReply } from './calls-schema.ts';

/** Why an answer is a failure, as a whole or of its first track; nothing if it is none. */
export function replyFailure({ status, body }: CallsReply): string | undefined {
  const { errorCode, tracks } = tracksReplySchema.parse(body);
  const failure = errorCode ?? tracks?.[0]?.errorCode;
  return failure ?? (status >= 300 ? `HTTP ${status}` : undefined);
}

/** The answer about one track; throws why it is a failure. */
export function trackReply(reply: CallsReply): TracksReply {
  const failure = replyFailure(reply);
  if (failure !== undefined) throw new Error(`the SFU says ${failure}`);
  const body = tracksReplySchema.parse(reply.body);
  if (body.tracks?.[0] === undefined) throw new Error('the SFU names no track');
  return body;
}
