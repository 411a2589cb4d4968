import { FONT_SIZE, LINE_HEIGHT, SIGN_WIDTH } from './box.ts';
import type { TransitionKind } from './chart.ts';
import type { Point } from './layout.ts';
import { SIGNS } from './svg-style.ts';
import { tenth } from './tenth.ts';
import { element, escapeXml } from './xml.ts';

/** The sign of a kind, before a line of text whose top left is given. */
export function sign(kind: TransitionKind, { x, y }: Point): string {
  return element('path', {
    class: 'sign',
    transform: `translate(${tenth(x)} ${tenth(y + 2)})`,
    d: SIGNS[kind],
  });
}

/** Lines of text from the top left, with room for a sign before them. */
export function textLines(lines: readonly string[], { x, y }: Point): string {
  return lines.map((line, index) => textAt(line, { x: x + SIGN_WIDTH, y: y + index * LINE_HEIGHT })).join('');
}

/** One line of text from its top left. */
export function textAt(line: string, { x, y }: Point, name?: string): string {
  return element('text', { class: name, x: tenth(x), y: tenth(y + FONT_SIZE) }, escapeXml(line));
}
