import { DOMParser, type Element } from '@xmldom/xmldom';
import * as smcat from 'state-machine-cat';
import { createMachine } from 'xstate';
import { describe, expect, test } from 'vitest';
import { machines } from '../../machines/index.ts';
import type { ChartCall } from '../../src/visualiser/chart-call.ts';
import { toChart, type Chart } from '../../src/visualiser/chart.ts';
import { toMermaid } from '../../src/visualiser/mermaid.ts';
import { toScxml, xmlId } from '../../src/visualiser/scxml.ts';
import { toStately } from '../../src/visualiser/stately.ts';
import { toTable } from '../../src/visualiser/table.ts';
import { everyFeature, hostile } from './small-machines.ts';

const all = Object.entries({ ...machines, everyFeature, hostile });

/** A chart less what JSON cannot say: that parameters are computed, and how long a named delay is. */
function sayable(chart: Chart): Chart {
  const plain = ({ name, params }: ChartCall): ChartCall =>
    params === undefined ? { name } : { name, params };
  return {
    ...chart,
    transitions: chart.transitions.map((transition) => ({
      ...transition,
      actions: transition.actions.map(plain),
      delay:
        transition.delay === null || transition.delay.name === null
          ? transition.delay
          : { ...transition.delay, ms: null },
    })),
  };
}

test.each(all)('the JSON of %s makes a machine with the same chart', (_, machine) => {
  const chart = toChart(machine);
  const again = toChart(createMachine(JSON.parse(toStately(chart)) as Parameters<typeof createMachine>[0]));
  expect(sayable(again).states).toEqual(sayable(chart).states);
  const byId = ({ transitions }: Chart): Chart['transitions'] =>
    transitions.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  expect(byId(sayable(again))).toEqual(byId(sayable(chart)));
});

describe.each(all)('the SCXML of %s', (_, machine) => {
  const chart = toChart(machine);
  const onError = (level: string, message: string): never => {
    throw new Error(`${level}: ${message}`);
  };
  const document = new DOMParser({ onError }).parseFromString(toScxml(chart), 'text/xml');
  const elements: readonly Element[] = [...document.getElementsByTagName('*')];
  const states = elements.filter(({ tagName }) =>
    ['state', 'parallel', 'final', 'history'].includes(tagName),
  );

  test('has every state, in its place', () => {
    expect(states.map((element) => [element.getAttribute('id'), parentId(element)])).toEqual(
      chart.states.map(({ id, parent }) => [xmlId(id), parent === null ? null : xmlId(parent)]),
    );
    const ids = elements.map((element) => element.getAttribute('id')).filter((id) => id !== null);
    expect(ids.filter((id) => !/^[A-Za-z_][\w.-]*$/.test(id) && !/^\d/.test(id))).toEqual([]);
    expect(new Set(states.map((element) => element.getAttribute('id'))).size).toBe(chart.states.length);
  });

  test('leads only to states that there are', () => {
    const targets = elements.flatMap((element) => element.getAttribute('target')?.split(' ') ?? []);
    const ids = new Set(states.map((element) => element.getAttribute('id')));
    expect(targets.filter((target) => !ids.has(target))).toEqual([]);
    expect(targets.length).toBeGreaterThan(0);
  });

  test('sends a delayed event for every timer, hears it, and cancels it', () => {
    const eventsOf = (name: string, attribute: string): readonly (string | null)[] =>
      elements.filter(({ tagName }) => tagName === name).map((element) => element.getAttribute(attribute));
    const heard = new Set(eventsOf('transition', 'event'));
    expect(eventsOf('send', 'event').filter((event) => !heard.has(event))).toEqual([]);
    expect(eventsOf('cancel', 'sendid')).toEqual(eventsOf('send', 'id'));
  });

  test('says the same to another reader (state-machine-cat)', async () => {
    const read = await readWithSmcat(toScxml(chart));
    const expected = chart.transitions.flatMap(({ source, targets }) =>
      (targets.length === 0 ? [source] : targets).map((target) => `${xmlId(source)} → ${xmlId(target)}`),
    );
    expect(read.states.toSorted()).toEqual(chart.states.map(({ id }) => xmlId(id)).toSorted());
    expect(read.transitions.toSorted()).toEqual(expected.toSorted());
  });
});

function parentId(element: Element): string | null {
  const parent = element.parentNode;
  return parent !== null && 'getAttribute' in parent ? (parent as Element).getAttribute('id') : null;
}

type SmcatMachine = {
  readonly states: readonly {
    readonly name: string;
    readonly type: string;
    readonly statemachine?: SmcatMachine;
  }[];
  readonly transitions?: readonly { readonly from: string; readonly to: string }[];
};

/** Less the states that it adds for where a machine begins. */
async function readWithSmcat(scxml: string): Promise<{ states: string[]; transitions: string[] }> {
  const answer: unknown = await smcat.render(scxml, { inputType: 'scxml', outputType: 'json' });
  const machine = (typeof answer === 'string' ? JSON.parse(answer) : answer) as SmcatMachine;
  const result = { states: new Array<string>(), transitions: new Array<string>() };
  const collect = ({ states, transitions = [] }: SmcatMachine): void => {
    const starts = new Set(states.filter(({ type }) => type === 'initial').map(({ name }) => name));
    result.states.push(...states.map(({ name }) => name).filter((name) => !starts.has(name)));
    result.transitions.push(
      ...transitions
        .filter(({ from }) => !/(^|\.)initial$/.test(from))
        .map(({ from, to }) => `${from} → ${to}`),
    );
    for (const { statemachine } of states) if (statemachine !== undefined) collect(statemachine);
  };
  collect(machine);
  return result;
}

test('SCXML: exact events come before wildcards, an inner target is internal, a name is a condition', () => {
  const machine = createMachine({
    id: 'm',
    initial: 'a',
    on: {
      '*': { actions: 'other' },
      'x.*': { actions: 'some' },
      'x.y': {
        target: '.b',
        guard: { type: 'isMore', params: { than: 3 } },
        actions: { type: 'say', params: 'hi' },
      },
    },
    states: { a: { entry: 'start', after: { 1000: 'b' } }, b: { type: 'final' } },
    onDone: { actions: 'rest' },
  });
  expect(
    toScxml(toChart(machine))
      .split('\n')
      .map((line) => line.trim()),
  ).toEqual([
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" datamodel="ecmascript" name="m" initial="m">',
    '<state id="m">',
    '<initial>',
    '<transition target="m.a"/>',
    '</initial>',
    '<transition event="x.y" cond="isMore({&quot;than&quot;:3})" target="m.b" type="internal">',
    '<script>say(&quot;hi&quot;)</script>',
    '</transition>',
    '<transition event="done.state.m">',
    '<script>rest()</script>',
    '</transition>',
    '<transition event="x.*">',
    '<script>some()</script>',
    '</transition>',
    '<transition event="*">',
    '<script>other()</script>',
    '</transition>',
    '<state id="m.a">',
    '<onentry>',
    '<script>start()</script>',
    '<send event="after.1000.m.a" id="xstate.after.1000.m.a" delay="1000ms"/>',
    '</onentry>',
    '<onexit>',
    '<cancel sendid="xstate.after.1000.m.a"/>',
    '</onexit>',
    '<transition event="after.1000.m.a" target="m.b"/>',
    '</state>',
    '<final id="m.b"/>',
    '</state>',
    '</scxml>',
    '',
  ]);
});

test.each(all)(
  'the Mermaid of %s names only states that it declares, and says every transition',
  (_, machine) => {
    const chart = toChart(machine);
    const lines = toMermaid(chart)
      .split('\n')
      .map((line) => line.trim());
    const declared = lines.flatMap((line) => /^state "[^"]*" as (\w+)/.exec(line)?.[1] ?? []);
    expect(new Set(declared).size).toBe(chart.states.length);
    const ends = lines.flatMap((line) => /^(\S+) --> (\S+)/.exec(line)?.slice(1, 3) ?? []);
    expect(ends.filter((end) => end !== '[*]' && !declared.includes(end))).toEqual([]);

    const edges = lines.filter((line) => / --> \w+ : /.test(line)).length;
    const texts = lines.filter((line) => /^\w+ : /.test(line)).length;
    const notes = lines.join('\n').match(/(?<=note right of \w+\n)[^]*?(?=\nend note)/g) ?? [];
    const noted = notes.flatMap((note) => note.split('\n')).length;
    const ownLines = chart.states.flatMap(({ entry, exit, invokes }) => [
      ...entry,
      ...exit,
      ...invokes,
    ]).length;
    const arrows = chart.transitions.flatMap(({ targets }) => targets.slice(1)).length;
    expect(edges + texts + noted).toBe(chart.transitions.length + arrows + ownLines);
  },
);

test('Mermaid: what means something to it is written as its number', () => {
  expect(toMermaid(toChart(hostile)).split('\n').slice(-2, -1)).toEqual([
    '  a_60_b_62__38__34_c_34__x_124_y_96_z --> a_60_b_62__38__34_c_34__end : go #38; #60;see#62; [is#34;#60;fine#62;] / a|b',
  ]);
});

test('the table has one line for each transition, and no cell breaks it', () => {
  expect(toTable(toChart(hostile)).split('\n').slice(-5)).toEqual([
    '| state | event | guard | target | actions |',
    '| --- | --- | --- | --- | --- |',
    '| `` a<b>&"c".x\\|y`z `` | `go & <see>` | `is"<fine>` | `a<b>&"c".end` | `a\\|b` |',
    '| `` a<b>&"c".x\\|y`z `` | `stay;here:` |  |  | `` `tick` `` |',
    '',
  ]);
});

test('the table says what a state is and does by itself', () => {
  const table = toTable(toChart(everyFeature));
  const start = table.indexOf('### `every.player`');
  expect(table.slice(start, table.indexOf('### `every.player.stopped`')).split('\n')).toEqual([
    '### `every.player`',
    '',
    '- begins in `every.player.stopped`',
    '- tags: `audible`',
    '- `entry / warmUp`',
    '- `entry / log(info)`',
    '- `exit / coolDown`',
    '',
    '',
  ]);
});
