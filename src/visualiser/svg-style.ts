import type { TransitionKind } from './chart.ts';

/** Colours by use. Text and edges keep a contrast of 4.5 : 1 to every ground that they stand on; a test measures it. */
export type Palette = {
  readonly ground: string;
  readonly outer: string;
  readonly box: string;
  readonly title: string;
  readonly border: string;
  readonly text: string;
  readonly muted: string;
  readonly active: string;
} & Readonly<Record<TransitionKind, string>>;

export const LIGHT: Palette = {
  ground: '#ffffff',
  outer: '#f7f8fa',
  box: '#ffffff',
  title: '#e6ebf2',
  border: '#5d6b7e',
  text: '#1a2230',
  muted: '#4a5668',
  active: '#fff1b8',
  event: '#2b5797',
  done: '#1a6b36',
  error: '#b3261e',
  timeout: '#8a5200',
  always: '#6b3fa0',
};

export const DARK: Palette = {
  ground: '#11151b',
  outer: '#171d25',
  box: '#1e2630',
  title: '#2b3644',
  border: '#8493a8',
  text: '#e8edf4',
  muted: '#b4c0d0',
  active: '#4d4108',
  event: '#8ab8f5',
  done: '#6fd08c',
  error: '#ff9a92',
  timeout: '#f0b35a',
  always: '#c9a7f5',
};

/** Widths and dashes tell the kinds apart where colours do not. */
const STROKES: Readonly<Record<TransitionKind, string>> = {
  event: 'stroke-width: 1.5',
  done: 'stroke-width: 3',
  error: 'stroke-width: 1.8; stroke-dasharray: 8 4',
  timeout: 'stroke-width: 2; stroke-dasharray: 2 4; stroke-linecap: round',
  always: 'stroke-width: 1.5; stroke-dasharray: 10 3 2 3',
};

/** Signs in a square of 12, as paths: no font needs to have them. */
export const SIGNS: Readonly<Record<TransitionKind, string>> = {
  event: 'M6 3A3 3 0 1 1 5.99 3',
  done: 'M2 6.5L5 9.5L10.5 2.5',
  error: 'M2.5 2.5L9.5 9.5M9.5 2.5L2.5 9.5',
  timeout: 'M6 1A5 5 0 1 1 5.99 1M6 3V6L8 7.5',
  always: 'M6 1L11 6L6 11L1 6Z',
};

export const KINDS = ['event', 'done', 'error', 'timeout', 'always'] as const satisfies TransitionKind[];

const variables = (palette: Palette): string =>
  Object.entries(palette)
    .map(([name, value]) => `--${name}: ${value}`)
    .join('; ');

const kindRules = KINDS.map(
  (kind) =>
    `.statechart .${kind} { --kind: var(--${kind}) }\n.statechart .${kind} .line { ${STROKES[kind]} }`,
).join('\n');

/**
 * The drawing's style sheet. `is-active` (on a state) and `is-taken` (on a transition) are for whoever shows a machine
 * that runs.
 */
export const STYLE = `
.statechart { ${variables(LIGHT)}; font: 12px Arial, Helvetica, 'Liberation Sans', sans-serif }
@media (prefers-color-scheme: dark) { .statechart { ${variables(DARK)} } }
.statechart text { fill: var(--text); white-space: pre }
.statechart .ground { fill: var(--ground) }
.statechart .box { fill: var(--box) }
.statechart .outer > .box { fill: var(--outer) }
.statechart .region > .ring { stroke-dasharray: 6 4 }
.statechart .bar { fill: var(--title) }
.statechart .rule { stroke: var(--border); stroke-width: 0.8 }
.statechart .name { font-size: 14px; font-weight: bold }
.statechart .behaviour, .statechart .note { fill: var(--muted) }
.statechart .start { fill: var(--text) }
.statechart .start-line { fill: none; stroke: var(--text); stroke-width: 1.2 }
.statechart .ring { fill: none; stroke: var(--border); stroke-width: 1.2 }
.statechart .line, .statechart .sign { fill: none; stroke: var(--kind); stroke-linejoin: round }
.statechart .sign { stroke-width: 1.6; stroke-linecap: round }
.statechart .head { fill: var(--kind) }
.statechart .label { fill: var(--outer); stroke: var(--kind); stroke-width: 0.8 }
${kindRules}
.statechart .is-active > .box, .statechart .is-active > .bar { fill: var(--active) }
.statechart .is-active > .ring { stroke: var(--text); stroke-width: 3 }
.statechart .is-taken > .line { stroke-width: 4.5 }
.statechart .is-taken > .label { fill: var(--active); stroke-width: 2 }
`.trim();
