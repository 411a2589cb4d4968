/** Control characters but the line feed, halves of surrogate pairs, and what turns the direction of text around. */
const DISTURBING = /[\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|(?!\n)\p{Cc}/gu;

/** Google Chat reads texts as HTML. */
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const ELLIPSIS = '…';

/** A text from a client without what would disturb the texts around it; lines stay lines. */
export const cleanText = (raw: string): string => raw.replace(/\r\n?/g, '\n').replace(DISTURBING, '').trim();

/** The same as one line of at most so many characters, counted as code points. */
export function cleanLine(raw: string, maxCharacters: number): string {
  const characters = Array.from(cleanText(raw).replace(/\s+/g, ' '));
  if (characters.length <= maxCharacters) return characters.join('');
  return `${characters.slice(0, maxCharacters - 1).join('')}${ELLIPSIS}`;
}

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

/** Bytes of a text inside a JSON string, in UTF-8. */
const jsonBytes = (text: string): number => Buffer.byteLength(JSON.stringify(text)) - 2;

/** A text escaped for HTML, and cut between two characters where it would be larger than that in JSON. */
export function escapeWithin(text: string, maxBytes: number): string {
  const whole = escapeHtml(text);
  if (jsonBytes(whole) <= maxBytes) return whole;
  let left = maxBytes - jsonBytes(ELLIPSIS);
  let length = 0;
  for (const character of text) {
    left -= jsonBytes(escapeHtml(character));
    if (left < 0) break;
    length += character.length;
  }
  return `${escapeHtml(text.slice(0, length))}${ELLIPSIS}`;
}
