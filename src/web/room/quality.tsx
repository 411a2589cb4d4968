import type { ReactNode } from 'react';
import type { MediaState } from '../../client/media/index.ts';
import { QUALITY_WORDS, type Quality } from './words.ts';

/** Opus hides single lost packets; above this pictures stand still now and then. */
const WEAK_LOSS = 0.02;
/** Words are lost. */
const BAD_LOSS = 0.05;

const BARS: Readonly<Record<Quality, number>> = { good: 3, weak: 2, bad: 1, none: 0 };
const BAR_PATHS = ['M5 19v-4', 'M12 19v-9', 'M19 19V5'];

export function qualityOf({ isConnected, health }: Pick<MediaState, 'isConnected' | 'health'>): Quality {
  if (!isConnected) return 'none';
  const loss = Math.max(health.outgoingLoss, health.incomingLoss);
  if (loss > BAD_LOSS) return 'bad';
  return loss > WEAK_LOSS ? 'weak' : 'good';
}

/** One's own connection, drawn and in words. */
export function QualityMark({ state }: { readonly state: MediaState }): ReactNode {
  const quality = qualityOf(state);
  return (
    <span className="quality" data-quality={quality} title={QUALITY_WORDS[quality]}>
      <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
        {BAR_PATHS.map((path, index) => (
          <path key={path} d={path} data-off={index >= BARS[quality] || undefined} />
        ))}
      </svg>
      <span>{QUALITY_WORDS[quality]}</span>
    </span>
  );
}
