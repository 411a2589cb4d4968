import type { ReactNode } from 'react';
import type { MediaState } from '../../client/media/index.ts';
import { useLasting } from './use-lasting.ts';
import { deviceNotices, mediaNotice } from './words.ts';

type Props = {
  readonly state: MediaState | undefined;
  readonly hasFailed: boolean;
  /** Whether the room itself is connected: where it is not, there is nothing more to say. */
  readonly isOpen: boolean;
};

/** Connecting takes one or two seconds, over a slow network up to five. */
const PATIENCE_MS = 5_000;

/** What does not work, in words for people, with what they can do. */
export function Notices({ state, hasFailed, isOpen }: Props): ReactNode {
  const isCutOff = useLasting(isOpen && state?.isAvailable === true && !state.isConnected, PATIENCE_MS);
  const notices = state === undefined ? [] : deviceNotices(state);
  const media = mediaNotice({ hasFailed, isMissing: state?.isAvailable === false, isCutOff });
  if (media !== undefined) notices.push(media);
  if (notices.length === 0) return null;
  return (
    <div className="notices" role="alert">
      {notices.map((notice) => (
        <p key={notice}>{notice}</p>
      ))}
    </div>
  );
}
