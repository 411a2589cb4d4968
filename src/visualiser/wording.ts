import type { ChartCall, Json } from './chart-call.ts';
import { goesSomewhere, isForbidden, type ChartState, type ChartTransition } from './chart.ts';

/** What people read of a transition: one wording in the drawing, its tooltips, the table and Mermaid. */

/** `90 s`, `55 min`, `250 ms`: the largest unit that stays whole. */
export function durationText(ms: number): string {
  if (ms !== 0 && ms % 60_000 === 0) return `${ms / 60_000} min`;
  return ms % 1_000 === 0 ? `${ms / 1_000} s` : `${ms} ms`;
}

export function eventText({ event, kind, invoke, delay }: ChartTransition): string {
  if (kind === 'always') return 'always';
  if (delay !== null) {
    const time = delay.ms === null ? '' : durationText(delay.ms);
    if (delay.name === null) return `after ${time}`;
    return `after ${delay.name}${time === '' ? '' : ` (${time})`}`;
  }
  if (kind === 'done') return invoke === null ? 'all done' : `${invoke} done`;
  if (kind === 'error' && invoke !== null) return `${invoke} failed`;
  return invoke === null ? event : `${invoke} changed`;
}

/** `refuse(user_not_found)`: of parameters with one field only the value, for the name says what it is. */
export function callText({ name, params, isComputed }: ChartCall): string {
  if (isComputed) return `${name}(…)`;
  return params === undefined ? name : `${name}(${paramsText(params)})`;
}

function paramsText(params: Json): string {
  if (typeof params === 'string') return params;
  if (params === null || typeof params !== 'object' || Array.isArray(params)) return JSON.stringify(params);
  const fields = Object.entries(params);
  const values = fields.map(([key, value]) => ({
    key,
    text: typeof value === 'string' ? value : JSON.stringify(value),
  }));
  return values.map(({ key, text }) => (fields.length === 1 ? text : `${key}: ${text}`)).join(', ');
}

/** `[else]` where only the candidates before it have guards. */
export function guardText({ guard, order }: ChartTransition): string {
  if (guard !== null) return `[${callText(guard)}]`;
  return order === 0 ? '' : '[else]';
}

/** What happens besides going somewhere; names the ways of doing nothing. */
export function effectText(transition: ChartTransition): string {
  const { actions, targets, reenter } = transition;
  const parts = actions.length === 0 ? [] : [`/ ${actions.map(callText).join(', ')}`];
  if (targets.length > 0 && !goesSomewhere(transition)) parts.unshift('→ itself');
  if (reenter) parts.unshift('(left and entered again)');
  if (parts.length > 0 || targets.length > 0) return parts.join(' ');
  return isForbidden(transition) ? '(forbidden)' : '(ignored)';
}

/** The whole transition in words, for a tooltip. */
export function transitionText(transition: ChartTransition): string {
  const { source, targets, description } = transition;
  const where = goesSomewhere(transition) ? `${source} → ${targets.join(' and ')}` : source;
  const what = [eventText(transition), guardText(transition), effectText(transition)].filter(Boolean);
  return [where, what.join(' '), description ?? ''].filter(Boolean).join('\n');
}

/** Where a state with others inside begins, for a tooltip. */
export function startText({ id, initial }: ChartState): string {
  const actions = initial?.actions.map(callText) ?? [];
  return [
    `${id} begins in ${initial?.target ?? ''}`,
    ...(actions.length === 0 ? [] : [`/ ${actions.join(', ')}`]),
  ].join(' ');
}

/** What a state does by itself, one line each: on entry, on exit, and the services it runs. */
export function stateLines({ entry, exit, invokes }: ChartState): readonly string[] {
  return [
    ...entry.map((action) => `entry / ${callText(action)}`),
    ...exit.map((action) => `exit / ${callText(action)}`),
    ...invokes.map(({ id, src }) => `invoke ${id === src ? id : `${src} as ${id}`}`),
  ];
}
