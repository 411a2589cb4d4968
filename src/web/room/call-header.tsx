import type { ReactNode } from 'react';
import { Icon } from './icon.tsx';
import { QualityMark } from './quality.tsx';
import type { Shared } from './shared.ts';
import { useOnline } from './use-online.ts';
import { statusText } from './words.ts';

type Props = Pick<Shared, 'room' | 'connection' | 'state'> & {
  readonly count: number;
  readonly tell: (text: string) => void;
};

/** Where one is, how many are there, and how good the connection is. */
export function CallHeader({ room, connection, state, count, tell }: Props): ReactNode {
  const isOnline = useOnline();
  const copy = async (): Promise<void> => {
    const link = location.origin + location.pathname;
    try {
      await navigator.clipboard.writeText(link);
      tell('The link is copied. Send it to whoever should come.');
    } catch {
      // Browsers without a clipboard for pages, or with one that the person has closed.
      tell(`Send this link to whoever should come: ${link}`);
    }
  };
  return (
    <header>
      <h1>{room}</h1>
      <p role="status">{statusText(connection, count, isOnline)}</p>
      {state?.isAvailable === true && <QualityMark state={state} />}
      <button type="button" className="plain copy" onClick={() => void copy()}>
        <Icon name="link" />
        <span>Copy link</span>
      </button>
    </header>
  );
}
