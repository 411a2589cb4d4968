/** Browsers that keep nothing for pages throw; then everything is as on the first visit. */
function inStorage<T>(act: (storage: Storage) => T): T | undefined {
  try {
    return act(localStorage);
  } catch {
    return undefined;
  }
}

const TALK_KEY = 'talk key';

/** Whether a single key talks to the AI, which those who dictate or whose hands tremble turn off (WCAG 2.1.4). */
export const hasTalkKey = (): boolean => inStorage((storage) => storage.getItem(TALK_KEY)) !== 'off';
export const setTalkKey = (isOn: boolean): void =>
  inStorage((storage) => storage.setItem(TALK_KEY, isOn ? 'on' : 'off'));
