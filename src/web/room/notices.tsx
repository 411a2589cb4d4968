import type { ReactNode } from 'react';
import type { MediaState } from '../../client/media/index.ts';
import { deviceNotices } from './words.ts';

type Props = { readonly state: MediaState | undefined; readonly hasFailed: boolean };

/** What does not work, in words for people, with what they can do. */
export function Notices({ state, hasFailed }: Props): ReactNode {
  const notices = state === undefined ? [] : deviceNotices(state);
  if (hasFailed) notices.push('Sound and picture could not be loaded. Load this page again in a moment.');
  if (state?.isAvailable === false)
    notices.push('This server has no media server yet: you see who is here, and neither hear nor see them.');
  if (notices.length === 0) return null;
  return (
    <div className="notices" role="alert">
      {notices.map((notice) => (
        <p key={notice}>{notice}</p>
      ))}
    </div>
  );
}
