import type { ChartCall } from './chart-call.ts';
import { goesSomewhere, type Chart, type ChartState, type ChartTransition } from './chart.ts';
import { textWidth, wrapText } from './text-width.ts';
import { callText, effectText, eventText, guardText, stateLines } from './wording.ts';

export const FONT_SIZE = 12;
export const TITLE_SIZE = 14;
export const LINE_HEIGHT = 16;
export const TITLE_HEIGHT = 26;
/** Left and right of text in a box, and above and below each compartment. */
export const PADDING_X = 10;
export const PADDING_Y = 6;
/** What the sign of a transition's kind takes before its text. */
export const SIGN_WIDTH = 16;

/** A transition that stays in its state, as lines in the state's box. */
export type BoxRow = { readonly transition: ChartTransition; readonly lines: readonly string[] };

/** What is written in a state's box: title, then what it does by itself, then what it hears without being left. */
export type Box = {
  readonly state: ChartState;
  readonly behaviour: readonly string[];
  readonly rows: readonly BoxRow[];
  /** Of the text with its padding; a box with states inside is larger. */
  readonly width: number;
  readonly height: number;
};

/** Boxes with states inside are wide anyhow; the others leave room for the edges beside them. */
const MAX_ROW_WIDTH = { inner: 270, outer: 560 };

export function boxOf(chart: Chart, state: ChartState): Box {
  const hasInside = chart.states.some(({ parent }) => parent === state.id);
  const maxWidth = hasInside ? MAX_ROW_WIDTH.outer : MAX_ROW_WIDTH.inner;
  const behaviour = stateLines(state).flatMap((line) => wrapText(line, FONT_SIZE, maxWidth));
  const rows = chart.transitions
    .filter((transition) => transition.source === state.id && !goesSomewhere(transition))
    .map((transition) => ({ transition, lines: rowLines(transition, maxWidth) }));
  const widths = [
    textWidth(state.key, TITLE_SIZE),
    ...behaviour.map((line) => textWidth(line, FONT_SIZE)),
    ...rows.flatMap(({ lines }) => lines.map((line) => SIGN_WIDTH + textWidth(line, FONT_SIZE))),
  ];
  return {
    state,
    behaviour,
    rows,
    width: Math.ceil(Math.max(...widths) + 2 * PADDING_X),
    height:
      TITLE_HEIGHT + compartmentHeight(behaviour.length) + compartmentHeight(rows.flatMap(linesOf).length),
  };
}

/** Of so many lines; a compartment without any is left out. */
export function compartmentHeight(lines: number): number {
  return lines === 0 ? 0 : lines * LINE_HEIGHT + 2 * PADDING_Y;
}

const linesOf = ({ lines }: BoxRow): readonly string[] => lines;

function rowLines(transition: ChartTransition, maxWidth: number): readonly string[] {
  const cause = [eventText(transition), guardText(transition)].filter(Boolean).join(' ');
  const whole = `${cause} ${effectText(transition)}`;
  if (textWidth(whole, FONT_SIZE) <= maxWidth) return [whole];
  return [cause, effectText(transition)].flatMap((part) => wrapText(part, FONT_SIZE, maxWidth));
}

/** Labels of edges are narrow, for many stand side by side. */
const MAX_LABEL_WIDTH = 158;
const MAX_ACTION_LINES = 2;
export const LABEL_MARGIN = 4;

/** An edge's label; of many actions only the first, for the tooltip and the table have them all. */
export function labelLines(transition: ChartTransition): readonly string[] {
  const { actions } = transition;
  const cause = [eventText(transition), guardText(transition)].filter(Boolean);
  return [
    ...cause.flatMap((part) => wrapText(part, FONT_SIZE, MAX_LABEL_WIDTH)),
    ...actionLines(actions.map(shortCallText), actions.length),
  ];
}

/** Without its parameters where they make it too wide. */
function shortCallText(call: ChartCall): string {
  const text = callText(call);
  return textWidth(`/ ${text},`, FONT_SIZE) <= MAX_LABEL_WIDTH ? text : `${call.name}(…)`;
}

function actionLines(names: readonly string[], count: number): readonly string[] {
  if (count === 0) return [];
  const more = names.length - count;
  const text = `/ ${names.slice(0, count).join(', ')}${more === 0 ? '' : `, +${more}`}`;
  const lines = wrapText(text, FONT_SIZE, MAX_LABEL_WIDTH);
  return lines.length <= MAX_ACTION_LINES || count === 1 ? lines : actionLines(names, count - 1);
}

/** A label's size with the sign before its text and a margin around it. */
export function labelSize(lines: readonly string[]): { readonly width: number; readonly height: number } {
  const widths = lines.map((line) => textWidth(line, FONT_SIZE));
  return {
    width: Math.ceil(Math.max(...widths) + SIGN_WIDTH + 2 * LABEL_MARGIN),
    height: lines.length * LINE_HEIGHT + 2 * LABEL_MARGIN,
  };
}
