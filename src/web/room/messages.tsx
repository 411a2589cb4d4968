import { useCallback, useEffect, useState, type FormEvent, type ReactNode, type RefObject } from 'react';
import type { RoomClient, User } from '../../client/index.ts';

type Message = {
  readonly id: number;
  readonly isOwn: boolean;
  /** Of the other. */
  readonly name: string;
  readonly text: string;
};

/** As long as a page of text; the server passes on far more. */
const MAX_LENGTH = 2_000;
const MAX_KEPT = 200;

export type Messages = {
  readonly messages: readonly Message[];
  /** Says whether it was sent. */
  readonly send: (to: User, text: string) => boolean;
};

/** Messages between two, kept while the page is there. What comes in is told too. */
export function useMessages(client: RoomClient, tell: (text: string) => void): Messages {
  const [messages, setMessages] = useState<readonly Message[]>([]);
  const keep = useCallback((message: Omit<Message, 'id'>) => {
    setMessages((kept) => [...kept, { ...message, id: (kept.at(-1)?.id ?? 0) + 1 }].slice(-MAX_KEPT));
  }, []);
  useEffect(
    () =>
      client.on('directMessage', ({ from, message }) => {
        if (typeof message !== 'string' || message.trim() === '') return;
        const text = message.slice(0, MAX_LENGTH);
        keep({ isOwn: false, name: from, text });
        tell(`${from}: ${text}`);
      }),
    [client, keep, tell],
  );
  const send = (to: User, text: string): boolean => {
    if (!client.directMessage(to.id, text)) return false;
    keep({ isOwn: true, name: to.name, text });
    return true;
  };
  return { messages, send };
}

type Props = Messages & {
  readonly others: readonly User[];
  readonly to: string | undefined;
  readonly onChoose: (id: string) => void;
  readonly field: RefObject<HTMLInputElement | null>;
};

/** What was written, and writing to one of the others. */
export function MessageBox({ messages, send, others, to, onChoose, field }: Props): ReactNode {
  const [text, setText] = useState('');
  const [hasFailed, setFailed] = useState(false);
  const receiver = others.find(({ id }) => id === to) ?? others[0];
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const words = text.trim();
    if (receiver === undefined || words === '') return;
    const isSent = send(receiver, words);
    setFailed(!isSent);
    if (isSent) setText('');
  };
  return (
    <section aria-label="Messages">
      <h2>Messages</h2>
      {messages.length > 0 && (
        <ol className="messages">
          {messages.map(({ id, isOwn, name, text }) => (
            <li key={id} data-own={isOwn || undefined}>
              <small>{isOwn ? `To ${name}` : name}</small>
              <span>{text}</span>
            </li>
          ))}
        </ol>
      )}
      {receiver === undefined ? (
        <p className="quiet">There is nobody to write to yet.</p>
      ) : (
        <form onSubmit={submit} aria-label="Write a message">
          <label className="choice">
            <span>To</span>
            <select value={receiver.id} onChange={({ target }) => onChoose(target.value)}>
              {others.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <div className="writing">
            <input
              ref={field}
              aria-label={`Message to ${receiver.name}`}
              placeholder="Only they will see it"
              maxLength={MAX_LENGTH}
              autoComplete="off"
              value={text}
              onChange={({ target }) => setText(target.value)}
            />
            <button>Send</button>
          </div>
          {hasFailed && (
            <p role="alert" className="problem">
              It was not sent: there is no connection. Try again in a moment.
            </p>
          )}
        </form>
      )}
    </section>
  );
}
