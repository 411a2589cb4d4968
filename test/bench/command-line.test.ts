import { describe, expect, test } from 'vitest';
import { readCommandLine, UsageError } from '../../bench/suite/command-line.ts';

const KNOWN = ['relay', 'state'];
const read = (...args: readonly string[]) => readCommandLine(args, KNOWN);

describe("the suite's command line", () => {
  test('means all scenarios, three runs of a second each, when nothing is said', () => {
    expect(read()).toEqual({
      settings: {
        runs: 3,
        seconds: 1,
        smoke: false,
        clients: undefined,
        bytes: undefined,
        contestants: undefined,
        features: undefined,
      },
      scenarios: KNOWN,
      profile: false,
      against: undefined,
      compiler: true,
      json: false,
      save: false,
      list: false,
      help: false,
    });
  });

  test('takes scenarios, numbers and contestants', () => {
    expect(read('state', '--runs', '7', '--clients', '10,100', '--contestants', 'satsuma,uws')).toMatchObject(
      {
        scenarios: ['state'],
        settings: { runs: 7, clients: [10, 100], contestants: ['satsuma', 'uws'] },
      },
    );
  });

  test('profiles exactly one scenario', () => {
    expect(read('profile', 'relay')).toMatchObject({ profile: true, scenarios: ['relay'] });
    expect(() => read('profile')).toThrow(UsageError);
    expect(() => read('profile', 'relay', 'state')).toThrow(UsageError);
  });

  test.each([
    [['nonsense']],
    [['--nonsense']],
    [['--runs', '0']],
    [['--runs', '1.5']],
    [['--seconds', '']],
    [['--clients', '10,many']],
    [['--bytes', '1']],
    [['--contestants', 'satsuma,nobody']],
  ])('refuses %j', (args) => {
    expect(() => read(...args)).toThrow(UsageError);
  });
});
