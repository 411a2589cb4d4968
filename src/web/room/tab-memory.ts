/** What a tab remembers of its room over a reload. */
const keyOf = (room: string): string => `joined ${room}`;

/** Browsers that keep nothing for pages throw; then the lobby is shown once more. */
function inStorage<T>(act: (storage: Storage) => T): T | undefined {
  try {
    return act(sessionStorage);
  } catch {
    return undefined;
  }
}

export const hasJoined = (room: string): boolean =>
  inStorage((storage) => storage.getItem(keyOf(room)) !== null) === true;
export const rememberJoined = (room: string): void =>
  inStorage((storage) => storage.setItem(keyOf(room), 'yes'));
export const forgetJoined = (room: string): void => inStorage((storage) => storage.removeItem(keyOf(room)));
