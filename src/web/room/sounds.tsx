import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { Shared } from './shared.ts';

type SoundProps = {
  readonly name: string;
  readonly track: MediaStreamTrack;
  readonly onBlocked: () => void;
};

function Sound({ name, track, onBlocked }: SoundProps): ReactNode {
  const ref = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    element.srcObject = new MediaStream([track]);
    play(element, onBlocked);
    return () => {
      element.srcObject = null;
    };
  }, [track, onBlocked]);
  return <audio ref={ref} data-of={name} />;
}

/** Whoever is in the call is heard, also those for whom there is no tile. */
export function Sounds({ client, people, state }: Pick<Shared, 'client' | 'people' | 'state'>): ReactNode {
  const [isBlocked, setBlocked] = useState(false);
  const [onBlocked] = useState(() => () => setBlocked(true));
  const ref = useRef<HTMLDivElement>(null);
  const playAll = (): void => {
    setBlocked(false);
    for (const element of ref.current?.querySelectorAll('audio') ?? []) play(element, onBlocked);
  };
  return (
    <>
      <div hidden ref={ref}>
        {people.users.map(({ id, name }) => {
          const track = id === client.id ? undefined : state?.others.get(id)?.audio;
          return track === undefined ? null : <Sound key={id} {...{ name, track, onBlocked }} />;
        })}
      </div>
      {isBlocked && (
        <div className="notices row" role="alert">
          <p>The browser keeps the others silent until you say so.</p>
          <button type="button" className="primary" onClick={playAll}>
            Play sound
          </button>
        </div>
      )}
    </>
  );
}

/** Browsers play nothing aloud in a page that nobody has touched. */
function play(element: HTMLMediaElement, onBlocked: () => void): void {
  element.play().catch((error: unknown) => {
    // Another error means that the track was taken away before it began.
    if (error instanceof DOMException && error.name === 'NotAllowedError') onBlocked();
  });
}
