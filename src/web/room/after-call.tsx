import { useState, type ReactNode } from 'react';

type Props = {
  /** Nothing where the room was never seen. */
  readonly meetingId: string | undefined;
  readonly onReturn: () => void;
};
type Progress = 'asking' | 'sending' | 'thanks' | 'failed';

/** The end of a call by one's own will: how it was, and the ways on from there. */
export function AfterCall({ meetingId, onReturn }: Props): ReactNode {
  const [progress, setProgress] = useState<Progress>('asking');
  const answer = async (hadIssues: boolean): Promise<void> => {
    setProgress('sending');
    setProgress((await post(meetingId ?? '', hadIssues)) ? 'thanks' : 'failed');
  };
  return (
    <main className="gone">
      <h1>You have left</h1>
      {meetingId !== undefined && progress !== 'thanks' && (
        <section className="card" aria-labelledby="how">
          <h2 id="how">How was it?</h2>
          <p className="quiet">Your answer helps whoever runs this server.</p>
          <p className="row">
            <button
              type="button"
              className="plain"
              disabled={progress === 'sending'}
              onClick={() => void answer(false)}
            >
              Good
            </button>
            <button
              type="button"
              className="plain"
              disabled={progress === 'sending'}
              onClick={() => void answer(true)}
            >
              There were problems
            </button>
          </p>
        </section>
      )}
      <p role="status">
        {progress === 'thanks' && 'Thank you.'}
        {progress === 'failed' && 'Your answer could not be saved. Try again, or just go on.'}
      </p>
      <p className="row">
        <button type="button" className="primary" onClick={onReturn}>
          Come back
        </button>
        <a href="/">Another room</a>
      </p>
    </main>
  );
}

/** As the form of the original; the answer leads home, which is not followed. */
async function post(meetingId: string, hadIssues: boolean): Promise<boolean> {
  try {
    const body = new URLSearchParams({ meetingId, experiencedIssues: String(hadIssues) });
    const response = await fetch('/call-quality-feedback', { method: 'POST', body, redirect: 'manual' });
    return response.type === 'opaqueredirect';
  } catch {
    return false;
  }
}
