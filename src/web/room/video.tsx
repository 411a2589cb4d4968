import { useEffect, useRef, type ReactNode } from 'react';

type VideoProps = {
  readonly track: MediaStreamTrack;
  readonly isMirrored?: boolean;
  readonly isWhole?: boolean;
};

/** A picture. One's own is mirrored, as people know themselves; of a screen nothing is cut off. */
export function Video({ track, isMirrored = false, isWhole = false }: VideoProps): ReactNode {
  const ref = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    element.srcObject = new MediaStream([track]);
    return () => {
      element.srcObject = null;
    };
  }, [track]);
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
