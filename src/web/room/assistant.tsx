import type { ReactNode } from 'react';
import type { RoomMedia } from '../../client/media/index.ts';
import { InviteAssistant } from './invite-assistant.tsx';
import type { Shared } from './shared.ts';
import type { Talk } from './talk.ts';
import { assistantName } from './words.ts';

/** Talking to the AI, as the call gives it to those who show it. */
export type TalkControl = {
  readonly talk: Talk;
  readonly hasKey: boolean;
  readonly onKeyChange: (isOn: boolean) => void;
};

type Props = Pick<Shared, 'client' | 'people'> & TalkControl & { readonly media: RoomMedia };

/** The AI: inviting it, talking to it, and sending it away. */
export function Assistant({ client, people, media, talk, hasKey, onKeyChange }: Props): ReactNode {
  const { ai, users } = people;
  if (ai?.enabled !== true) {
    return (
      <InviteAssistant {...{ client, media }} isPending={ai?.connectionPending === true} error={ai?.error} />
    );
  }
  const holder = users.find(({ id }) => id === ai.controllingUser);
  const isMine = holder?.id === client.id;
  return (
    <section aria-label="AI">
      <h2>{assistantName(media.offer.ai)}</h2>
      <p className="quiet" role="note">
        {holder === undefined ? 'It listens to nobody.' : `It listens to ${isMine ? 'you' : holder.name}.`}
      </p>
      <p className="row">
        <button
          type="button"
          className="primary"
          disabled={holder !== undefined && !isMine}
          onClick={() => (talk.isWanted ? talk.stop() : talk.start())}
        >
          {talk.isWanted ? 'Stop talking' : 'Talk to it'}
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
      <label className="check">
        <input type="checkbox" checked={hasKey} onChange={({ target }) => onKeyChange(target.checked)} />
        Talk to it while I hold the key A
      </label>
    </section>
  );
}
