import { useEffect } from 'react';
import type { Talk } from './talk.ts';

const KEY = 'a';
const TEXT_FIELDS = 'input, textarea, select, [contenteditable]';

function isTalkKey({ key, ctrlKey, metaKey, altKey, target }: KeyboardEvent): boolean {
  if (key.toLowerCase() !== KEY || ctrlKey || metaKey || altKey) return false;
  return !(target instanceof Element && target.closest(TEXT_FIELDS) !== null);
}

/** Talks for as long as the key is held down, anywhere but where text is written. */
export function useTalkKey({ start, stop }: Talk, isOn: boolean): void {
  useEffect(() => {
    if (!isOn) return undefined;
    let isDown = false;
    const onDown = (event: KeyboardEvent): void => {
      if (event.repeat || !isTalkKey(event)) return;
      isDown = true;
      start();
    };
    const onUp = (): void => {
      if (isDown) stop();
      isDown = false;
    };
    const onKeyUp = ({ key }: KeyboardEvent): void => {
      if (key.toLowerCase() === KEY) onUp();
    };
    window.addEventListener('keydown', onDown);
    window.addEventListener('keyup', onKeyUp);
    // A window that is not in front is not told that a key is let go.
    window.addEventListener('blur', onUp);
    return () => {
      onUp();
      window.removeEventListener('keydown', onDown);
      window.removeEventListener('keyup', onKeyUp);
      window.removeEventListener('blur', onUp);
    };
  }, [start, stop, isOn]);
}
