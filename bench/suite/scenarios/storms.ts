import { changeMarker, people } from '../people.ts';
import type { Case, Scenario, Settings } from '../scenario.ts';
import { sample, type Measured, type Stage } from '../stage.ts';
import { EVERYBODY, isOurs, OURS } from './everybody.ts';

const ROOM_SIZE = 10;
/** Handshakes under way at a time: more would wait in the kernel's queue, or be dropped from it and come a second late. */
const RECONNECTING = 500;

const figuresOf = (opened: Measured, after: Measured, stage: Stage) => ({
  seconds: opened.seconds,
  cpuSeconds: opened.serverCpuSeconds + after.serverCpuSeconds,
  p99Ms: opened.p99Ms,
  framesReceived: opened.others + after.others + opened.received + after.received,
  megabytesReceived: (opened.bytes + after.bytes) / 1e6,
  rssMegabytes: stage.residentMegabytes(),
});

/** Everybody comes at once, and is told of everybody. The others send no states: theirs is the cost of the handshakes. */
const join = (clients: number): Case => ({
  title: `${clients} into one room`,
  contestants: EVERYBODY,
  measure: (contestant, staging) =>
    staging.with(contestant, { task: 'relay' }, async (stage) => {
      await stage.list(people(clients, clients), () => '');
      await stage.load.tell('mode 1 0');
      const opened = await stage.open();
      const after = await stage.measure('quiet 500 60000');
      const checks = isOurs(contestant) ? [await stage.load.tell(`check ${clients}`)] : [];
      return [sample('', figuresOf(opened, after, stage), opened, after, ...checks)];
    }),
});

/** All connections end and come back at once, with the same ids: nobody leaves and nobody joins. */
const reconnect = (clients: number): Case => ({
  title: `${clients} in ${Math.ceil(clients / ROOM_SIZE)} rooms`,
  contestants: OURS,
  measure: (contestant, staging) =>
    staging.with(contestant, { task: 'relay' }, async (stage) => {
      const everybody = people(clients, ROOM_SIZE);
      await stage.list(everybody, changeMarker);
      await stage.load.tell('mode 1 1');
      await stage.open();
      await stage.quiet();
      await stage.introduce(everybody);
      await stage.load.tell('close');
      const opened = await stage.open(RECONNECTING);
      const after = await stage.measure('quiet 500 60000');
      const check = await stage.load.tell(`check ${ROOM_SIZE}`);
      return [sample('', figuresOf(opened, after, stage), opened, after, check)];
    }),
});

const sizes = ({ clients, smoke }: Settings, small: number, full: number): readonly number[] =>
  clients ?? [smoke ? small : full];

export const joinStorm: Scenario = {
  name: 'join',
  title: 'Join storm: all at once into one room, until each has a state with everybody in it',
  aims: [],
  cases: (settings) => sizes(settings, 20, 1_000).map(join),
};

export const reconnectStorm: Scenario = {
  name: 'reconnect',
  title: 'Reconnect storm: all connections end and come back at once, until each has the state of its room',
  aims: [{ rows: /^10000 /, text: 'all back within 5 s', figure: 'seconds', atMost: 5 }],
  cases: (settings) => sizes(settings, 50, 10_000).map(reconnect),
};
