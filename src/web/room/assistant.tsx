import { useState, type FormEvent, type ReactNode } from 'react';
import type { ClientFrame } from '../../client/index.ts';
import type { RoomMedia } from '../../client/media/index.ts';
import type { Shared } from './shared.ts';

type Invitation = Omit<Extract<ClientFrame, { type: 'enableAi' }>, 'type'>;

type Props = Pick<Shared, 'client' | 'people'> & { readonly media: RoomMedia };

/** The AI: inviting it, talking to it, and sending it away. */
export function Assistant({ client, people, media }: Props): ReactNode {
  const { ai, users } = people;
  const holder = users.find(({ id }) => id === ai?.controllingUser);
  if (ai?.enabled !== true) {
    return <Invite {...{ client, media }} isPending={ai?.connectionPending === true} error={ai?.error} />;
  }
  const isMine = holder?.id === client.id;
  return (
    <section aria-label="AI">
      <h2>AI</h2>
      <p className="quiet" role="note">
        {holder === undefined ? 'It listens to nobody.' : `It listens to ${isMine ? 'you' : holder.name}.`}
      </p>
      <p className="row">
        <button
          type="button"
          className="primary"
          disabled={holder !== undefined && !isMine}
          onClick={() => (isMine ? client.releaseAiControl() : media.talkToAi())}
        >
          {isMine ? 'Stop talking' : 'Talk to it'}
        </button>
        <button
          type="button"
          className="plain"
          disabled={!media.offer.ai.available}
          onClick={() => client.disableAi()}
        >
          Send away
        </button>
      </p>
    </section>
  );
}

type InviteProps = Pick<Props, 'client' | 'media'> & {
  readonly isPending: boolean;
  readonly error: string | undefined;
};

function Invite({ client, media, isPending, error }: InviteProps): ReactNode {
  const { available, voices } = media.offer.ai;
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
      <h2>AI</h2>
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
          value={instructions}
          onChange={({ target }) => setInstructions(target.value)}
        />
      </label>
      {error !== undefined && <p role="alert">{error}</p>}
      <button className="primary" disabled={isPending}>
        {isPending ? 'It is coming…' : 'Invite'}
      </button>
    </form>
  );
}
