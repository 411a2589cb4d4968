import { useCallback, useEffect, useRef, useState } from 'react';
import type { RoomMedia } from '../../client/media/index.ts';
import type { Shared } from './shared.ts';

export type Talk = {
  /** Whether this person wants to be heard by the AI; that it listens is in the room's state. */
  readonly isWanted: boolean;
  readonly start: () => void;
  readonly stop: () => void;
};

type Props = Pick<Shared, 'client' | 'people' | 'connection'> & {
  readonly media: RoomMedia | undefined;
  /** Sound has no way to the AI yet. */
  readonly onImpossible: () => void;
};

/** Talking to the AI, from the wish to its end. The microphone is on for it, and afterwards as it was before. */
export function useTalk({ client, media, people, connection, onImpossible }: Props): Talk {
  const [isWanted, setWanted] = useState(false);
  const wasOn = useRef<boolean>(undefined);
  const isMine = people.ai?.controllingUser === client.id;
  const isOpen = connection.status === 'open';

  const stop = useCallback(() => {
    if (wasOn.current === undefined) return;
    if (!wasOn.current) media?.microphone.stop();
    wasOn.current = undefined;
    setWanted(false);
    client.releaseAiControl();
  }, [client, media]);

  const start = useCallback(() => {
    if (media === undefined || wasOn.current !== undefined) return;
    const before = media.microphone.state.isOn;
    if (!media.talkToAi()) return onImpossible();
    wasOn.current = before;
    setWanted(true);
  }, [media, onImpossible]);

  // A connection that was lost, or a page that was loaded again, has left the AI listening to somebody who let go.
  useEffect(() => {
    if (isMine && isOpen && wasOn.current === undefined) client.releaseAiControl();
  }, [client, isMine, isOpen]);
  const isThere = people.ai?.enabled === true;
  useEffect(() => {
    if (!isThere || !isOpen) stop();
  }, [isThere, isOpen, stop]);
  return { isWanted, start, stop };
}
