import { useEffect, useRef, type ReactNode } from 'react';

/** A stream with exactly this track, in an element that plays it. */
function usePlayed<E extends HTMLMediaElement>(track: MediaStreamTrack) {
  const ref = useRef<E>(null);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    element.srcObject = new MediaStream([track]);
    return () => {
      element.srcObject = null;
    };
  }, [track]);
  return ref;
}

type VideoProps = {
  readonly track: MediaStreamTrack;
  readonly isMirrored?: boolean;
  readonly isWhole?: boolean;
};

/** A picture. One's own is mirrored, as people know themselves; of a screen nothing is cut off. */
export function Video({ track, isMirrored = false, isWhole = false }: VideoProps): ReactNode {
  const ref = usePlayed<HTMLVideoElement>(track);
  return (
    <video
      ref={ref}
      autoPlay
      playsInline
      muted
      data-mirrored={isMirrored || undefined}
      data-whole={isWhole || undefined}
    />
  );
}

/** The sound of somebody else. */
export function Sound({ track }: { readonly track: MediaStreamTrack }): ReactNode {
  const ref = usePlayed<HTMLAudioElement>(track);
  return <audio ref={ref} autoPlay />;
}
