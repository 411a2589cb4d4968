/**
 * An exponentially weighted moving average over time: what is older than the time constant weighs less than 1/e. The
 * samples need not come at even intervals.
 */
export class Ewma {
  readonly #timeConstantMs: number;
  #value: number | undefined = undefined;

  constructor(timeConstantMs: number) {
    this.#timeConstantMs = timeConstantMs;
  }

  /** Nothing before the first sample. */
  get value(): number | undefined {
    return this.#value;
  }

  /** @param elapsedMs - since the sample before, over which this one was measured */
  add(sample: number, elapsedMs: number): number {
    const weight = 1 - Math.exp(-elapsedMs / this.#timeConstantMs);
    // The first counts whole: an average that grows from nothing would be wrong for a while.
    this.#value = this.#value === undefined ? sample : this.#value + weight * (sample - this.#value);
    return this.#value;
  }
}
