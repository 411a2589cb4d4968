import { FONT_SIZE, SIGN_WIDTH } from './box.ts';
import type { TransitionKind } from './chart.ts';
import { KINDS } from './svg-style.ts';
import { sign, textAt } from './svg-text.ts';
import { textWidth } from './text-width.ts';
import { element } from './xml.ts';

export const LEGEND_HEIGHT = 52;

const MEANINGS: Readonly<Record<TransitionKind, string>> = {
  event: 'event',
  done: 'success',
  error: 'error',
  timeout: 'time-out',
  always: 'at once',
};
const NOTE =
  'Label: cause, [guard], / actions. In a box: what is heard without leaving it. Point at anything for the whole text.';

const LEFT = 14;
const SAMPLE_WIDTH = 44;
const GAP = 22;

/** What it takes from left to right; a drawing may be narrower. */
export const LEGEND_WIDTH = Math.ceil(LEFT + textWidth(NOTE, FONT_SIZE) + LEFT);

/** What the signs and lines mean; `top` is where it begins. */
export function legend(top: number): string {
  let x = LEFT;
  const samples = KINDS.map((kind) => {
    const at = { x, y: top + 6 };
    const meaning = MEANINGS[kind];
    x += SAMPLE_WIDTH + SIGN_WIDTH + textWidth(meaning, FONT_SIZE) + GAP;
    return element('g', { class: kind }, [
      element('path', { class: 'line', d: `M${at.x.toFixed(1)} ${at.y + 8}h${SAMPLE_WIDTH - 8}` }),
      sign(kind, { x: at.x + SAMPLE_WIDTH, y: at.y }),
      textAt(meaning, { x: at.x + SAMPLE_WIDTH + SIGN_WIDTH, y: at.y }),
    ]);
  });
  return element('g', { class: 'legend' }, [...samples, textAt(NOTE, { x: LEFT, y: top + 28 }, 'note')]);
}
