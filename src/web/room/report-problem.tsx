import { useState, type FormEvent, type ReactNode } from 'react';
import type { RoomMedia } from '../../client/media/index.ts';
import type { Shared } from './shared.ts';

type Props = Pick<Shared, 'room' | 'client'> & {
  readonly media: RoomMedia;
  readonly history: () => readonly unknown[];
};
type Progress = 'writing' | 'sending' | 'sent' | 'failed';

/** Tells whoever runs the server what went wrong, with what the page knows of it. */
export function ReportProblem({ room, client, media, history }: Props): ReactNode {
  const [description, setDescription] = useState('');
  const [progress, setProgress] = useState<Progress>('writing');
  const send = async (): Promise<void> => {
    setProgress('sending');
    const { others, ...ownMedia } = media.getSnapshot();
    const seen = {
      room: client.state,
      connection: client.connection,
      media: ownMedia,
      received: others.size,
    };
    const isSent = await post(client.origin, {
      description,
      info: { roomName: room, url: location.href, roomHistory: [...history(), seen] },
    });
    setProgress(isSent ? 'sent' : 'failed');
    if (isSent) setDescription('');
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void send();
  };
  return (
    <details>
      <summary>Report a problem</summary>
      <form onSubmit={submit} aria-label="Report a problem">
        <label className="choice">
          <span>What went wrong?</span>
          <textarea
            rows={3}
            required
            maxLength={2_000}
            value={description}
            onChange={({ target }) => setDescription(target.value)}
          />
        </label>
        <p className="quiet">Who is here, and how your connection is, is sent with it.</p>
        <button className="primary" disabled={progress === 'sending'}>
          Send report
        </button>
        <p role="status">{PROGRESS_WORDS[progress]}</p>
      </form>
    </details>
  );
}

const PROGRESS_WORDS: Readonly<Record<Progress, string>> = {
  writing: '',
  sending: 'It is being sent…',
  sent: 'Thank you. It has been sent.',
  failed: 'It could not be sent. Try again in a moment.',
};

async function post(origin: string, report: object): Promise<boolean> {
  try {
    const { ok } = await fetch(`${origin}/api/bugReport`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(report),
    });
    return ok;
  } catch {
    return false;
  }
}
