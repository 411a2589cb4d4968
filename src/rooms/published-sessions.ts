import type { User } from '../protocol/messages.ts';

/** `<sessionId>/<trackName>`, as clients publish a track to the others. */
const sessionOfPath = (path: string | undefined): string | undefined => path?.split('/', 1)[0];

/** The SFU sessions that a user says it sends by; what it says is its own claim, and proves nothing. */
export function sessionsOf({ transceiverSessionId, tracks }: User): readonly string[] {
  const { audio, video, screenshare } = tracks;
  const named = [transceiverSessionId, ...[audio, video, screenshare].map(sessionOfPath)];
  return [...new Set(named.filter((id) => id !== undefined && id !== ''))] as string[];
}

/** Whether one of these users says in its presence that it sends by the session, and may send. */
export function publishes(
  users: ReadonlyMap<string, User>,
  userIds: Iterable<string>,
  sessionId: string,
  mayPublish: (id: string) => boolean,
): boolean {
  for (const id of userIds) {
    const user = users.get(id);
    if (user !== undefined && mayPublish(id) && sessionsOf(user).includes(sessionId)) return true;
  }
  return false;
}
