import type { User } from '../protocol/messages.ts';

/** What is between two states of a room, by the users' ids. */
export type PresenceChanges = {
  readonly joined: readonly User[];
  /** As they were last seen. */
  readonly left: readonly User[];
  readonly updated: readonly { readonly before: User; readonly after: User }[];
};

const isSame = (a: User, b: User): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

/** Works out who has come, who has gone and who has changed. */
export function presenceChanges(before: readonly User[], after: readonly User[]): PresenceChanges {
  const old = new Map(before.map((user) => [user.id, user]));
  const ids = new Set(after.map(({ id }) => id));
  const updated: { before: User; after: User }[] = [];
  for (const user of after) {
    const known = old.get(user.id);
    if (known !== undefined && !isSame(known, user)) updated.push({ before: known, after: user });
  }
  return {
    joined: after.filter(({ id }) => !old.has(id)),
    left: before.filter(({ id }) => !ids.has(id)),
    updated,
  };
}
