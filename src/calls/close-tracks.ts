import type { CallsReply } from './calls.ts';
import { tracksReplySchema } from './calls-schema.ts';
import { isKeyRefused } from './proxy-answer.ts';
import { isPassing, persist } from './retry.ts';

/** Refusals that repeating does not mend; another negotiation that is under way (406, 409) passes. */
const FINAL: ReadonlySet<number> = new Set([400, 401, 403, 404, 410]);

const isForcedDone = ({ status }: CallsReply): boolean => !isPassing(status);

function isNegotiatedDone({ status, body }: CallsReply): boolean {
  const reply = tracksReplySchema.parse(body);
  if (FINAL.has(status) || isKeyRefused(status, reply)) return true;
  return !isPassing(status) && reply.sessionDescription !== undefined;
}

/**
 * Closes tracks for a client, several times if need be: the client asks once, and without the answer to the offer that it
 * makes for this it cannot go on with what comes next. A track that is closed already is told as such, so repeating harms
 * nothing. Rejects when the last answer was lost.
 */
export async function closeTracks(
  send: () => Promise<CallsReply>,
  force: boolean,
  wait: (ms: number) => Promise<void>,
): Promise<CallsReply> {
  const { reply } = await persist(send, force ? isForcedDone : isNegotiatedDone, wait);
  return reply;
}
