const MAX_NAME_LENGTH = 100;

/** Control characters, and those that turn the direction of text around: a name must not disturb its neighbours. */
const DISTURBING = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A display name as given by a person, made fit to show, or `undefined` when nothing (or too much) is left of it. */
export function cleanDisplayName(raw: string): string | undefined {
  const name = raw.normalize('NFC').replace(DISTURBING, '').trim();
  return name.length === 0 || name.length > MAX_NAME_LENGTH ? undefined : name;
}
