import { AppError } from '../errors.ts';
import type { CallsReply } from './calls.ts';
import { tracksReplySchema } from './calls-schema.ts';
import { isPassing, persist } from './retry.ts';

/** Of the SFU, for an answer to an offer that has been answered; told after a lost success is tried again. */
const ALREADY_ANSWERED = 'invalid_modification_stable';

/**
 * Gives the SFU a client's answer, several times if need be: the client itself tries once, and then its pull hangs. An
 * answer must not be replayed into an exchange that is over, but one that was lost and arrived is found out by the error.
 *
 * @returns why the SFU did not take it, or nothing
 */
export async function renegotiate(
  send: () => Promise<CallsReply>,
  wait: (ms: number) => Promise<void>,
): Promise<string | undefined> {
  try {
    const { reply, lost } = await persist(send, ({ status }) => !isPassing(status), wait);
    const { errorCode } = tracksReplySchema.parse(reply.body);
    if (reply.status < 300 && errorCode === undefined) return undefined;
    if (lost && reply.body['errorSubcode'] === ALREADY_ANSWERED) return undefined;
    return errorCode ?? `HTTP ${reply.status}`;
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}
