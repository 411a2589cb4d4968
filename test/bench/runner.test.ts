import { describe, expect, test } from 'vitest';
import type { ContestantName } from '../../bench/suite/contestants/contestants.ts';
import { toSvg } from '../../bench/suite/plot.ts';
import { runScenario, staging } from '../../bench/suite/runner.ts';
import type { Scenario, Settings } from '../../bench/suite/scenario.ts';
import { toText } from '../../bench/suite/table.ts';

const SETTINGS: Settings = {
  runs: 3,
  seconds: 1,
  smoke: false,
  clients: undefined,
  bytes: undefined,
  contestants: undefined,
  features: undefined,
};

/** What each contestant reaches, run by run; ours loses a frame in the last one. */
const RATES: Readonly<Partial<Record<ContestantName, readonly number[]>>> = {
  satsuma: [80, 90, 30],
  uws: [100, 100, 50],
};

function scenarioOf(order: string[]): Scenario {
  const runs = new Map<ContestantName, number>();
  return {
    name: 'made-up',
    title: 'A < B',
    aims: [{ rows: /^one, part$/, text: '85 % of uws', figure: 'rate', of: 'uws', atLeast: 0.85 }],
    cases: () => [
      {
        title: 'one',
        contestants: ['satsuma', 'uws', 'ws'],
        measure: (contestant) => {
          order.push(contestant);
          const run = runs.get(contestant) ?? 0;
          runs.set(contestant, run + 1);
          const faults = contestant === 'satsuma' && run === 2 ? ['1 lost'] : [];
          return Promise.resolve([
            { what: 'part', figures: { rate: RATES[contestant]?.[run] ?? 0 }, faults },
          ]);
        },
      },
    ],
  };
}

describe("the suite's runner", () => {
  test('lets those who are here take turns, and compares them run by run', async () => {
    const order: string[] = [];
    const here = new Set<ContestantName>(['satsuma', 'uws']);
    const stages = staging(SETTINGS, new Map(), undefined);
    const result = await runScenario(scenarioOf(order), stages, here, () => {});

    expect(order).toEqual(['satsuma', 'uws', 'uws', 'satsuma', 'satsuma', 'uws']);
    expect(result).toEqual({
      name: 'made-up',
      title: 'A < B',
      lines: [
        {
          row: 'one, part',
          contestant: 'satsuma',
          figures: { rate: { median: 80, min: 30, max: 90 } },
          ratios: { uws: { median: 0.8, min: 0.6, max: 0.9 } },
          faults: ['1 lost'],
        },
        {
          row: 'one, part',
          contestant: 'uws',
          figures: { rate: { median: 100, min: 50, max: 100 } },
          ratios: {},
          faults: [],
        },
      ],
      aims: [{ row: 'one, part', aim: '85 % of uws', value: 0.8, met: false }],
    });
    expect(toText(result)).toContain('FAILED one, part, satsuma: 1 lost');
    expect(toText(result)).toContain('missed 85 % of uws: 0.800 (one, part)');
    expect(toSvg(result)).toContain('<title>made-up: A &lt; B</title>');
  });
});
