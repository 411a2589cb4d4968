import type { Logger } from 'pino';
import { wait, type Clock } from '../clock.ts';
import type { Calls } from './calls.ts';
import { forceClose } from './force-close.ts';
import type { CloseSession, SfuSession } from './sfu-sessions.ts';

/** Delays between attempts; afterwards the SFU's own collection (30 s without packets) has to do. */
const RETRY_DELAYS_MS = [1_000, 2_000, 4_000, 8_000, 16_000];

export type CloseDeps = {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly log: Logger;
  readonly extraParams: URLSearchParams;
};

/**
 * Force-closes what a session publishes and what it hears: there is no closing of a session itself, the client says nothing
 * when its page goes away, and who has left must not listen on.
 */
export const closeSessionBy =
  (deps: CloseDeps): CloseSession =>
  async (session) => {
    for (const delayMs of [...RETRY_DELAYS_MS, undefined]) {
      if (await attempt(session, deps)) return;
      if (delayMs === undefined) break;
      await wait(deps.clock, delayMs);
    }
    deps.log.warn(
      { session: session.id, tracks: session.tracks.size + session.pulled.size },
      'SFU tracks not closed, given up',
    );
  };

/** Whether the session has nothing open any more. */
async function attempt(session: SfuSession, { calls, log, extraParams }: CloseDeps): Promise<boolean> {
  try {
    await session.queue.run(async () => {
      // Asked for behind what is under way: what that publishes or pulls is to be closed too.
      const mids = [...session.tracks.keys(), ...session.pulled];
      if (mids.length === 0) return;
      const open = await forceClose(calls, session.id, mids, extraParams);
      for (const mid of mids.filter((mid) => !open.includes(mid))) {
        session.tracks.delete(mid);
        session.pulled.delete(mid);
      }
    });
  } catch (error) {
    log.debug({ err: error, session: session.id }, 'SFU tracks not closed');
  }
  return session.tracks.size + session.pulled.size === 0;
}
