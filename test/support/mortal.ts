import type { Clock } from '../../src/clock.ts';
import { AppError } from '../../src/errors.ts';
import type { Store } from '../../src/store/store.ts';
import { FakeClock } from './fake-clock.ts';

type Timer = { readonly handle: number; readonly at: number; readonly callback: () => void };

/**
 * The time of one life of a server. With its end the timers leave the world: they pass in a time of their own, so that
 * what is left of the server can stop.
 */
export class MortalClock implements Clock {
  readonly #world: FakeClock;
  readonly #timers = new Map<number, Timer>();
  #afterlife: FakeClock | undefined = undefined;
  #count = 0;

  constructor(world: FakeClock) {
    this.#world = world;
  }

  now(): number {
    return this.#time.now();
  }

  setTimeout(callback: (...args: unknown[]) => void, delayMs: number): number {
    const id = (this.#count += 1);
    this.#arm(id, this.now() + delayMs, callback);
    return id;
  }

  clearTimeout(id: unknown): void {
    const timer = this.#timers.get(id as number);
    this.#timers.delete(id as number);
    if (timer !== undefined) this.#time.clearTimeout(timer.handle);
  }

  afterTurn(callback: () => void): void {
    setImmediate(callback);
  }

  end(): void {
    if (this.#afterlife !== undefined) return;
    const afterlife = new FakeClock();
    afterlife.advance(this.#world.now() - afterlife.now());
    for (const { handle } of this.#timers.values()) this.#world.clearTimeout(handle);
    this.#afterlife = afterlife;
    for (const [id, { at, callback }] of this.#timers) this.#arm(id, at, callback);
  }

  /** Lets time pass for the dead alone. */
  advance(ms: number): void {
    this.#afterlife?.advance(ms);
  }

  get #time(): FakeClock {
    return this.#afterlife ?? this.#world;
  }

  #arm(id: number, at: number, callback: () => void): void {
    const ring = (): void => {
      this.#timers.delete(id);
      callback();
    };
    const handle = this.#time.setTimeout(ring, at - this.#time.now());
    this.#timers.set(id, { handle, at, callback });
  }
}

/**
 * One life of a server in a store that outlives it: after its end no call reaches the store, and no answer comes back. What
 * the store was asked for before is done.
 */
export function mortalStore(store: Store): { readonly store: Store; readonly end: () => void } {
  let over = false;
  const lost = (): void => {
    if (over) throw new AppError('store_unavailable');
  };
  const gate = new Proxy(store, {
    get(target, key): unknown {
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]): Promise<unknown> => {
        if (over && key === 'close') return undefined;
        lost();
        const result: unknown = await Reflect.apply(member, target, args);
        lost();
        return result;
      };
    },
  });
  return { store: gate, end: () => void (over = true) };
}
