import { SqliteCalls } from './sqlite-calls.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import { SqliteFeedback } from './sqlite-feedback.ts';
import { SqliteRooms } from './sqlite-rooms.ts';
import type { Store } from './store.ts';

export type StoreMethod = Exclude<keyof Store, 'open' | 'close'>;

/** The port as it is inside the worker, where every method answers at once. */
export type SynchronousStore = {
  readonly [M in StoreMethod]: (...args: Parameters<Store[M]>) => Awaited<ReturnType<Store[M]>>;
};

/** All tables of a database behind the methods of the port. */
export function tablesOf(database: SqliteDatabase): SynchronousStore {
  const rooms = new SqliteRooms(database);
  const calls = new SqliteCalls(database);
  const feedback = new SqliteFeedback(database);
  return {
    readLiveRooms: () => rooms.readLiveRooms(),
    save: (batch) => rooms.save(batch),
    listAiCalls: () => calls.listAiCalls(),
    noteAiCall: (call) => calls.noteAiCall(call),
    forgetAiCall: (sessionId) => calls.forgetAiCall(sessionId),
    listSfuSessions: () => calls.listSfuSessions(),
    putSfuSession: (session) => calls.putSfuSession(session),
    forgetSfuSession: (sessionId) => calls.forgetSfuSession(sessionId),
    addFeedback: (message, report, limit) => feedback.add(message, report, limit),
    claimFeedback: (claim) => feedback.claim(claim),
    deliveredFeedback: (claimId) => feedback.delivered(claimId),
    retryFeedback: (claimId, at, split) => feedback.retry(claimId, at, split),
    buryFeedback: (claimId, at, reason) => feedback.bury(claimId, at, reason),
    countFeedback: () => feedback.count(),
    readReport: (id) => feedback.readReport(id),
    pruneFeedback: (before) => feedback.prune(before),
    saveCallFeedback: (meetingId, experiencedIssues, version) =>
      feedback.saveCallFeedback(meetingId, experiencedIssues, version),
    saveRefresh: (version) => feedback.saveRefresh(version),
  };
}
