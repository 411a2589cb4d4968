import type { Calls } from './calls.ts';
import { sessionReplySchema } from './calls-schema.ts';

/** Opens an SFU session and gives its id; rejects when there is none. A session without tracks costs nothing. */
export async function openSession(calls: Calls, query: URLSearchParams): Promise<string> {
  const { status, body } = await calls.send({ operation: 'sessions/new', sessionId: '', query });
  const parsed = sessionReplySchema.safeParse(body);
  if (status >= 300 || !parsed.success) throw new Error(`the SFU gave no session (HTTP ${status})`);
  return parsed.data.sessionId;
}
