import type { ChartCall } from './chart-call.ts';
import { isInside, type Chart, type ChartState, type ChartTransition } from './chart.ts';
import { printXml, type Attributes, type XmlTree } from './xml.ts';

/**
 * A chart as SCXML (W3C, 2015). Guards and actions stay names: a guard is a condition of that name, an action a script
 * that calls its name. Timers become what SCXML has for them, a delayed event that is cancelled on exit. A delay whose
 * length only a function knows has its name instead. In SCXML `a.b` also hears `a.b.c`, in XState it does not.
 */
export function toScxml(chart: Chart): string {
  const roots = chart.states.filter(({ parent }) => parent === null);
  const document = tree(
    'scxml',
    {
      xmlns: 'http://www.w3.org/2005/07/scxml',
      version: '1.0',
      datamodel: 'ecmascript',
      name: chart.id,
      initial: roots.map(({ id }) => xmlId(id)).join(' '),
    },
    roots.map((state) => stateTree(chart, state)),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${printXml(document)}`;
}

const tree = (name: string, attributes: Attributes, inside: XmlTree['inside'] = []): XmlTree => ({
  name,
  attributes,
  inside,
});

function stateTree(chart: Chart, state: ChartState): XmlTree {
  const own = chart.transitions
    .filter(({ source }) => source === state.id)
    .toSorted((a, b) => precision(b) - precision(a));
  const inside = chart.states.filter(({ parent }) => parent === state.id);
  if (state.history !== null) return historyTree(chart, state);
  const timers = [
    ...new Map(own.filter(({ delay }) => delay !== null).map((timer) => [timer.event, timer])).values(),
  ];
  const names = {
    parallel: 'parallel',
    final: 'final',
    atomic: 'state',
    compound: 'state',
    history: 'history',
  };
  return tree(names[state.kind], { id: xmlId(state.id) }, [
    ...initialTree(state),
    ...blocks('onentry', [...state.entry.map(script), ...timers.map(startTimer)]),
    ...blocks('onexit', [...timers.map(stopTimer), ...state.exit.map(script)]),
    ...state.invokes.map(({ id, src }) => tree('invoke', { id, src })),
    ...own.map((transition) => transitionTree(chart, transition)),
    ...inside.map((child) => stateTree(chart, child)),
  ]);
}

/** XState asks wildcards last, the shortest last of all; SCXML takes transitions as they stand. */
function precision({ event }: ChartTransition): number {
  return event.endsWith('*') ? event.length : Number.MAX_SAFE_INTEGER;
}

function initialTree({ initial }: ChartState): readonly XmlTree[] {
  if (initial === null) return [];
  const target = { target: xmlId(initial.target) };
  return [tree('initial', {}, [tree('transition', target, initial.actions.map(script))])];
}

/** SCXML always wants to know where a history state leads at first; by default where its parent begins. */
function historyTree(chart: Chart, { id, parent, history }: ChartState): XmlTree {
  const begins = chart.states.find((state) => state.id === parent)?.initial?.target;
  const target = history?.target ?? begins;
  return tree(
    'history',
    { id: xmlId(id), type: history?.depth },
    target === undefined ? [] : [tree('transition', { target: xmlId(target) })],
  );
}

const blocks = (name: string, inside: readonly XmlTree[]): readonly XmlTree[] =>
  inside.length === 0 ? [] : [tree(name, {}, inside)];

const script = ({ name, params }: ChartCall): XmlTree =>
  tree('script', {}, `${name}(${params === undefined ? '' : JSON.stringify(params)})`);

const condition = ({ name, params }: ChartCall): string =>
  params === undefined ? name : `${name}(${JSON.stringify(params)})`;

function startTimer(timer: ChartTransition): XmlTree {
  const { delay } = timer;
  const length =
    typeof delay?.ms === 'number' ? { delay: `${delay.ms}ms` } : { delayexpr: delay?.name ?? '' };
  return tree('send', { event: scxmlEvent(timer), id: xmlId(timer.event), ...length });
}

const stopTimer = ({ event }: ChartTransition): XmlTree => tree('cancel', { sendid: xmlId(event) });

function transitionTree(chart: Chart, transition: ChartTransition): XmlTree {
  const { source, event, guard, targets, reenter, actions } = transition;
  const isInner = !reenter && targets.length > 0 && targets.every((id) => isInside(chart, id, source));
  return tree(
    'transition',
    {
      event: event === '' ? undefined : scxmlEvent(transition),
      cond: guard === null ? undefined : condition(guard),
      target: targets.length === 0 ? undefined : targets.map(xmlId).join(' '),
      type: isInner ? 'internal' : undefined,
    },
    actions.map(script),
  );
}

/** SCXML's own names for what XState calls `xstate.…`; a space would be two events. */
function scxmlEvent({ event, source }: ChartTransition): string {
  if (event === `xstate.done.state.${source}`) return `done.state.${xmlId(source)}`;
  return event
    .replace(/^xstate\.done\.actor\./, 'done.invoke.')
    .replace(/^xstate\.error\.actor\./, 'error.platform.')
    .replace(/^xstate\.(after|snapshot)\./, '$1.')
    .replaceAll(/\s/g, '_');
}

/** An XML name: other characters are written as their number, and so is the underscore that marks them. */
export function xmlId(id: string): string {
  const name = id.replaceAll(/[^A-Za-z0-9.-]/g, (character) => `_${character.codePointAt(0)?.toString(16)}_`);
  return /^[A-Za-z_]/.test(name) ? name : `_${name}`;
}
