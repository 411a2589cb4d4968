import { createElement, StrictMode, useSyncExternalStore, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { SatsumaRoom } from '../../src/client/element.ts';
import { useMedia, usePresence, useRoom } from '../../src/client/react.ts';

/** A page of somebody else: one room by React's hooks, or by the element, as the test says. */
function Room({ room }: { readonly room: string }): ReactNode {
  const used = useRoom({ room });
  const { self, others, ai } = usePresence(used?.client);
  const { state, failure } = useMedia(used?.client);
  const facts = {
    connection: used?.connection.status ?? 'none',
    self: self?.name ?? '',
    others: others.map(({ name }) => name).join(', '),
    ai: String(ai?.enabled),
    media: failure === undefined ? String(state?.isAvailable) : 'failed',
  };
  return createElement(
    'dl',
    null,
    Object.entries(facts).map(([name, value]) => createElement('dd', { key: name, id: name }, value)),
  );
}

const shown = { current: true, listeners: new Set<() => void>() };
const subscribe = (listener: () => void): (() => void) => {
  shown.listeners.add(listener);
  return () => void shown.listeners.delete(listener);
};

function Page(): ReactNode {
  const isShown = useSyncExternalStore(subscribe, () => shown.current);
  return isShown ? createElement(Room, { room: 'daily' }) : 'away';
}

const page = {
  react(): void {
    const root = document.createElement('div');
    document.body.replaceChildren(root);
    createRoot(root).render(createElement(StrictMode, null, createElement(Page)));
  },
  show(isShown: boolean): void {
    shown.current = isShown;
    for (const listener of shown.listeners) listener();
  },
  element(attributes: Record<string, string>): void {
    const element = new SatsumaRoom();
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    document.body.replaceChildren(element);
  },
};

declare global {
  interface Window {
    libraryPage: typeof page;
  }
}
window.libraryPage = page;
