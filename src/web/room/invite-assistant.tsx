import { useState, type FormEvent, type ReactNode } from 'react';
import type { ClientFrame } from '../../client/index.ts';
import type { RoomMedia } from '../../client/media/index.ts';
import type { Shared } from './shared.ts';
import { aiFailureText, assistantName } from './words.ts';

type Invitation = Omit<Extract<ClientFrame, { type: 'enableAi' }>, 'type'>;

type Props = Pick<Shared, 'client'> & {
  readonly media: RoomMedia;
  readonly isPending: boolean;
  readonly error: string | undefined;
};

/** Asks the AI into the room, with a voice and what it should know. */
export function InviteAssistant({ client, media, isPending, error }: Props): ReactNode {
  const { available, standIn, voices } = media.offer.ai;
  const [voice, setVoice] = useState(voices[0] ?? '');
  const [instructions, setInstructions] = useState('');
  if (!available) return null;
  const invite = (event: FormEvent): void => {
    event.preventDefault();
    const words = instructions.trim();
    client.enableAi({
      ...(voice !== '' && { voice: voice as NonNullable<Invitation['voice']> }),
      ...(words !== '' && { instructions: words }),
    });
  };
  return (
    <form onSubmit={invite} aria-label="Invite the AI">
      <h2>{assistantName(media.offer.ai)}</h2>
      {standIn && (
        <p className="quiet" role="note">
          It greets, and repeats what it hears after a pause.
        </p>
      )}
      <label className="choice">
        <span>Voice</span>
        <select value={voice} onChange={({ target }) => setVoice(target.value)}>
          {voices.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label className="choice">
        <span>Instructions</span>
        <textarea
          rows={3}
          maxLength={2_000}
          placeholder="For example: take notes and answer briefly."
          value={instructions}
          onChange={({ target }) => setInstructions(target.value)}
        />
      </label>
      {error !== undefined && (
        <p role="alert" className="problem">
          {aiFailureText(error)}
        </p>
      )}
      <p className="row">
        <button className="primary" disabled={isPending}>
          {isPending ? 'It is coming…' : 'Invite'}
        </button>
        {isPending && (
          <button type="button" className="plain" onClick={() => client.disableAi()}>
            Cancel
          </button>
        )}
      </p>
    </form>
  );
}
