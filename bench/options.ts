import { parseArgs } from 'node:util';

export type Options = {
  /** Connections into one room; 0 leaves this scenario out. */
  readonly oneRoom: number;
  /** Rooms of one; 0 leaves this scenario out. */
  readonly rooms: number;
  readonly inFlight: number;
  readonly startUpSeconds: number;
  readonly settleSeconds: number;
  readonly idleSeconds: number;
  readonly periodicStateMs: number;
  readonly json: boolean;
  readonly help: boolean;
};

/** The arguments make no sense; the message is for the person who gave them. */
export class UsageError extends Error {}

export const USAGE = `Usage: npm run bench:connections -- [options]

Measures what connections cost the server: memory, CPU, time. Starts a server and a load client
of its own, each in its own process. Exit code: 0, 1 when a connection was lost or a state was
wrong, 2 for bad arguments.

  --one-room N            connections into one room (1000; 0: not this part)
  --rooms N               rooms of one connection each (10000; 0: not this part)
  --in-flight N           handshakes under way at a time (256)
  --start-up-seconds N    wait before the first connection, in which Node mostly gives back some 10 MB
                          of what it needed to start (12)
  --settle-seconds N      wait before memory is read (5)
  --idle-seconds N        time with nothing but heartbeats (10)
  --periodic-state-ms N   the server's PERIODIC_STATE_MS (0: never, so that idle means idle)
  --smoke                 50 and 100 connections and short waits: shows that it works, not how fast
  --json                  one JSON object on standard output
  --help`;

const DEFAULTS = {
  'one-room': '1000',
  rooms: '10000',
  'in-flight': '256',
  'start-up-seconds': '12',
  'settle-seconds': '5',
  'idle-seconds': '10',
  'periodic-state-ms': '0',
};
const SMOKE: typeof DEFAULTS = {
  ...DEFAULTS,
  'one-room': '50',
  rooms: '100',
  'start-up-seconds': '0',
  'settle-seconds': '0.2',
  'idle-seconds': '1',
};

const NUMBER = { type: 'string' } as const;
const FLAG = { type: 'boolean', default: false } as const;

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        'one-room': NUMBER,
        rooms: NUMBER,
        'in-flight': NUMBER,
        'start-up-seconds': NUMBER,
        'settle-seconds': NUMBER,
        'idle-seconds': NUMBER,
        'periodic-state-ms': NUMBER,
        smoke: FLAG,
        json: FLAG,
        help: FLAG,
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Reads the command line; throws {@link UsageError}. */
export function readOptions(args: readonly string[]): Options {
  const values = parse(args);
  const defaults = values.smoke ? SMOKE : DEFAULTS;
  const read = (name: keyof typeof DEFAULTS, pattern: RegExp, what: string, min: number, max: number) => {
    const text = values[name] ?? defaults[name];
    const number = Number(text);
    if (pattern.test(text) && number >= min && number <= max) return number;
    throw new UsageError(`--${name} must be ${what} from ${min} to ${max}, not '${text}'`);
  };
  const whole = (name: keyof typeof DEFAULTS, min: number, max: number) =>
    read(name, /^\d+$/, 'a whole number', min, max);
  const seconds = (name: keyof typeof DEFAULTS) =>
    read(name, /^\d+(\.\d+)?$/, 'a number of seconds', 0, 3600);
  const options = {
    oneRoom: whole('one-room', 0, 100_000),
    rooms: whole('rooms', 0, 1_000_000),
    inFlight: whole('in-flight', 1, 10_000),
    startUpSeconds: seconds('start-up-seconds'),
    settleSeconds: seconds('settle-seconds'),
    idleSeconds: seconds('idle-seconds'),
    periodicStateMs: whole('periodic-state-ms', 0, 3_600_000),
    json: values.json,
    help: values.help,
  };
  if (options.oneRoom + options.rooms === 0) throw new UsageError('There is nothing to measure');
  return options;
}
