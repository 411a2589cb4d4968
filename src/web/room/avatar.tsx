import type { ReactNode } from 'react';

/** The first letters of the first and the last word. */
function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map(
    (word) => Array.from(word ?? '')[0] ?? '',
  );
  return letters.join('').toUpperCase();
}

/** Always the same colour for the same name. */
function hueOf(name: string): number {
  let hue = 0;
  for (const letter of name) hue = (hue * 31 + (letter.codePointAt(0) ?? 0)) % 360;
  return hue;
}

/** In place of a picture. The name stands beside it. */
export function Avatar({ name }: { readonly name: string }): ReactNode {
  return (
    <span
      className="avatar"
      aria-hidden="true"
      ref={(element) => element?.style.setProperty('--hue', String(hueOf(name)))}
    >
      {initials(name)}
    </span>
  );
}
