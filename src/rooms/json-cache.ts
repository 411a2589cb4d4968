/**
 * JSON of immutable records, made once for each: the record itself is the key, so nothing is ever invalidated, and a
 * record that is dropped takes its text along. The state's frames and the store write the same users.
 */
export class JsonCache {
  readonly #texts = new WeakMap<object, string>();

  /** @param make - what is written for the record; its own JSON if not given */
  of<T extends object>(record: T, make: (record: T) => unknown = (it) => it): string {
    let text = this.#texts.get(record);
    if (text === undefined) {
      text = JSON.stringify(make(record));
      this.#texts.set(record, text);
    }
    return text;
  }
}
