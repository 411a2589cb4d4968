/** Plain data, as JSON has it. */
export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** An action or a guard by name. `isComputed`: its parameters are a function's result, which only a run shows. */
export type ChartCall = {
  readonly name: string;
  readonly params?: Json;
  readonly isComputed?: true;
};

/** Names an action or a guard in any form that XState takes: a name, a name with parameters, or a function. */
export function callOf(value: unknown): ChartCall {
  if (typeof value === 'string') return { name: value };
  if (typeof value === 'function') return { name: nameOf(value) };
  if (typeof value !== 'object' || value === null || !('type' in value)) return { name: INLINE };
  const name = String(value.type);
  const params: unknown = 'params' in value ? value.params : undefined;
  if (params === undefined) return { name };
  if (typeof params === 'function') return { name, isComputed: true };
  return { name, params: JSON.parse(JSON.stringify(params)) as Json };
}

const INLINE = '(inline)';
/** XState's names for the functions that its own creators return. */
const COMBINED: Readonly<Record<string, string>> = { not: 'not', and: 'and', or: 'or' };

/** `not(isHost)` for a combination of guards, `assign` for XState's own actions, else the function's name. */
function nameOf(made: object & { readonly name?: string }): string {
  const name = made.name ?? '';
  if ('guards' in made && Array.isArray(made.guards)) {
    return `${COMBINED[name] ?? name}(${made.guards.map((guard) => callOf(guard).name).join(', ')})`;
  }
  if ('stateValue' in made) return `stateIn(${JSON.stringify(made.stateValue)})`;
  if ('type' in made && typeof made.type === 'string') return made.type.replace(/^xstate\./, '');
  // A function written in place has the name of its property, which says nothing.
  return ['', 'guard', 'actions', 'entry', 'exit', 'type'].includes(name) ? INLINE : name;
}
