import type { Unsubscribe } from './emitter.ts';

export type PageListeners = {
  /** The page is closed, left or put away. */
  readonly onHide: () => void;
  /** The page is back as it was, out of the browser's cache. */
  readonly onReturn: () => void;
  /** The machine has a network again; connections of the old one may be dead without knowing it. */
  readonly onOnline: () => void;
};

type Target = Pick<EventTarget, 'addEventListener' | 'removeEventListener'>;

/**
 * Follows what happens to the page. `pagehide` and not `beforeunload`, which phones do not send, and which keeps pages
 * out of the cache.
 */
export function followPage(page: Target, { onHide, onReturn, onOnline }: PageListeners): Unsubscribe {
  const onShow = (event: Event): void => {
    if ((event as PageTransitionEvent).persisted) onReturn();
  };
  const listeners = [
    ['pagehide', onHide],
    ['pageshow', onShow],
    ['online', onOnline],
  ] as const;
  for (const [type, listener] of listeners) page.addEventListener(type, listener);
  return () => {
    for (const [type, listener] of listeners) page.removeEventListener(type, listener);
  };
}

/** The page, where there is one. */
export const thisPage = (): { readonly window: Target; readonly location: Location } | undefined =>
  typeof document === 'undefined' ? undefined : { window, location };
