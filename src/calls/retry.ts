import { AppError } from '../errors.ts';
import type { CallsReply } from './calls.ts';

const DELAYS_MS = [100, 400, 1_600, 3_200];

/** What passes: the transport is not up yet, too many requests, or the SFU has trouble of its own. */
export const isPassing = (status: number): boolean => status === 425 || status === 429 || status >= 500;

/**
 * Asks the SFU again while the trouble passes: for operations that the client itself asks for once.
 *
 * @param isDone - whether an answer is the last; `lost` when an earlier one never came
 * @returns the last answer; rejects when the last was lost
 */
export async function persist(
  send: () => Promise<CallsReply>,
  isDone: (reply: CallsReply, lost: boolean) => boolean,
  wait: (ms: number) => Promise<void>,
): Promise<{ readonly reply: CallsReply; readonly lost: boolean }> {
  let lost = false;
  for (const delayMs of [...DELAYS_MS, undefined]) {
    try {
      const reply = await send();
      if (delayMs === undefined || isDone(reply, lost)) return { reply, lost };
    } catch (error) {
      if (!(error instanceof AppError) || delayMs === undefined) throw error;
      lost = true;
    }
    await wait(delayMs);
  }
  throw new Error('unreachable');
}
