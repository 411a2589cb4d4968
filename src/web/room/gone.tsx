import type { ReactNode } from 'react';
import type { GoneReason } from '../../client/index.ts';
import { renameUrl } from './shared.ts';

const WORDS: Readonly<Record<GoneReason, readonly [title: string, text: string]>> = {
  left: ['You have left', 'The others have been told.'],
  replaced: ['You are in this room in another tab', 'It has taken the place of this one.'],
  unauthorized: ['Who are you?', 'The server does not know you any more. Tell it your name again.'],
  refused: ['The server has closed the room to you', 'Ask whoever runs the meeting to let you in again.'],
};

/** The end, and the ways on from there. */
export function Gone({
  reason,
  onReturn,
}: {
  readonly reason: GoneReason;
  readonly onReturn: () => void;
}): ReactNode {
  const [title, text] = WORDS[reason];
  return (
    <main className="gone">
      <h1>{title}</h1>
      <p className="quiet" role="status">
        {text}
      </p>
      <p className="row">
        {reason === 'unauthorized' ? (
          <a className="primary" href={renameUrl()}>
            Tell my name
          </a>
        ) : (
          <button type="button" className="primary" onClick={onReturn}>
            {reason === 'replaced' ? 'Use this tab' : 'Come back'}
          </button>
        )}
        <a href="/">Another room</a>
      </p>
    </main>
  );
}
