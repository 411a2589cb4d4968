/** Takes a listener away again; a second call does nothing. */
export type Unsubscribe = () => void;

/**
 * Typed events on the platform's own `EventTarget`: a listener that throws is reported by the platform and keeps the
 * others from nothing.
 */
export class Emitter<Events extends object> {
  readonly #target = new EventTarget();

  /** Calls `listener` with each event of this type, until the function that it returns is called. */
  on<Type extends keyof Events & string>(type: Type, listener: (detail: Events[Type]) => void): Unsubscribe {
    const handle = (event: Event): void => listener((event as CustomEvent<Events[Type]>).detail);
    this.#target.addEventListener(type, handle);
    return () => this.#target.removeEventListener(type, handle);
  }

  protected emit<Type extends keyof Events & string>(type: Type, detail: Events[Type]): void {
    this.#target.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
