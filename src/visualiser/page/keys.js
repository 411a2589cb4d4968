/** Where keys have a meaning of their own. */
const TYPING = 'input:not([type="checkbox"]), textarea, select, [contenteditable]';
const PRESSED_BY_SPACE = 'button, a, input, summary';
/** Scrolls sideways with the arrows. */
const SCROLLING = '[data-scrolls]';

/**
 * Listens to the keys of the whole page.
 * @param {Readonly<Record<string, () => void>>} actions - by the key's name
 * @param {() => boolean} mayUseLetters - people who speak to their computer press letters without meaning to (WCAG 2.1.4)
 */
export function listenToKeys(actions, mayUseLetters) {
  addEventListener('keydown', (event) => {
    const { target } = event;
    const key = event.key === 'P' ? 'p' : event.key;
    const action = actions[key];
    if (action === undefined || event.defaultPrevented) return;
    // Held down, the arrows go on; a switch would flicker.
    if (event.repeat && (key === 'p' || key === ' ')) return;
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (key === 'p' && !mayUseLetters()) return;
    if (target instanceof Element && hasOwnMeaning(target, key)) return;
    event.preventDefault();
    action();
  });
}

/**
 * @param {Element} target
 * @param {string} key
 */
function hasOwnMeaning(target, key) {
  if (target.closest(TYPING) !== null) return true;
  if (key === ' ') return target.closest(`${PRESSED_BY_SPACE}, ${SCROLLING}`) !== null;
  return key !== 'p' && target.closest(SCROLLING) !== null;
}
