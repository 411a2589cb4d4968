import { useCallback, useEffect, useState, type ReactNode } from 'react';
import { Icon } from './icon.tsx';

export type Toast = { readonly id: number; readonly text: string };

/** Nobody reads more at once. */
const MAX_TOASTS = 3;
/** What is told here stands elsewhere too, or has passed when it has been read. */
const SHOWN_MS = 10_000;

export type Toasts = {
  readonly toasts: readonly Toast[];
  readonly tell: (text: string) => void;
  readonly dismiss: (id: number) => void;
};

export function useToasts(): Toasts {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const dismiss = useCallback(
    (id: number) => setToasts((shown) => shown.filter((toast) => toast.id !== id)),
    [],
  );
  const tell = useCallback((text: string) => {
    setToasts((shown) => {
      const others = shown.filter((toast) => toast.text !== text);
      return [...others, { id: (shown.at(-1)?.id ?? 0) + 1, text }].slice(-MAX_TOASTS);
    });
  }, []);
  return { toasts, tell, dismiss };
}

/** What has just happened, in words that go away by themselves. */
export function ToastList({ toasts, dismiss }: Pick<Toasts, 'toasts' | 'dismiss'>): ReactNode {
  return (
    <div className="toasts" role="log" aria-label="Messages">
      {toasts.map((toast) => (
        <ToastItem key={toast.id} {...toast} dismiss={dismiss} />
      ))}
    </div>
  );
}

function ToastItem({ id, text, dismiss }: Toast & Pick<Toasts, 'dismiss'>): ReactNode {
  useEffect(() => {
    const timer = setTimeout(() => dismiss(id), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [id, dismiss]);
  return (
    <p className="toast">
      <span>{text}</span>
      <button type="button" className="small" aria-label="Dismiss" onClick={() => dismiss(id)}>
        <Icon name="close" />
      </button>
    </p>
  );
}
