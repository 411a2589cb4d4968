import { changeMarker, people, stateBytes } from '../people.ts';
import type { Case, Scenario, Settings } from '../scenario.ts';
import { cpuPercent, loadPercent, sample } from '../stage.ts';
import { warmUpChanges } from '../warm-up.ts';
import { EVERYBODY, OURS } from './everybody.ts';

/** Changes of so long are merged in the second row. */
const MERGING_MS = 50;
const TOGGLE_MS = 2_000;
const HEARTBEAT_MS = 5_000;
/** So many times as long as other measurements: each toggles some times, and there are heartbeats. */
const SECONDS_FACTOR = 6;
/** In a smoke run everybody is ten times as lively. */
const SMOKE_FACTOR = 10;

/** With liveness and the periodic state as they are by default. */
const AS_BY_DEFAULT = { HEARTBEAT_TIMEOUT_MS: '15000', PERIODIC_STATE_MS: '15000' };

/** Latency is from a client's change to the state that shows it to the client itself. */
const meetings = (
  count: number,
  users: number,
  { seconds, smoke, features }: Settings,
  tickMs?: number,
): Case => ({
  title: [
    `${count === 1 ? 'one meeting' : `${count} meetings`} of ${users}`,
    ...(features === '' ? [] : [`${features} clients`]),
    ...(tickMs === undefined ? [] : [`STATE_TICK_MS ${tickMs}`]),
  ].join(', '),
  contestants: tickMs === undefined ? EVERYBODY : OURS,
  measure: (contestant, staging) => {
    const env = { ...AS_BY_DEFAULT, ...(tickMs !== undefined && { STATE_TICK_MS: String(tickMs) }) };
    return staging.with(contestant, { task: stateBytes(users), env }, async (stage) => {
      await warmUpChanges(stage, staging.settings);
      const everybody = people(count * users, users);
      await stage.list(everybody, changeMarker);
      await stage.load.tell('mode 0 1');
      await stage.open();
      await stage.quiet();
      await stage.introduce(everybody);
      const faster = smoke ? SMOKE_FACTOR : 1;
      const [toggleNs, heartbeatNs] = [TOGGLE_MS, HEARTBEAT_MS].map((ms) => (ms * 1e6) / faster);
      const live = await stage.measure(`live ${toggleNs} ${heartbeatNs} ${SECONDS_FACTOR * seconds}`);
      return [
        sample(
          '',
          {
            cpuPercent: cpuPercent(live),
            p50Ms: live.p50Ms,
            p99Ms: live.p99Ms,
            maxMs: live.maxMs,
            megabytesPerSecond: live.bytes / 1e6 / live.seconds,
            framesReceived: live.received + live.others,
            late: live.late,
            loadPercent: loadPercent(live),
            rssMegabytes: stage.residentMegabytes(),
          },
          live,
        ),
      ];
    });
  },
});

export const liveMeeting: Scenario = {
  name: 'live',
  title: 'A live meeting: everybody toggles speaking every 2 s and sends a heartbeat every 5 s',
  aims: [{ rows: /^one meeting of 100$/, text: 'at most 6 % of a core', figure: 'cpuPercent', atMost: 6 }],
  cases: (settings) =>
    (settings.clients ?? [settings.smoke ? 5 : 100]).flatMap((users) => [
      meetings(1, users, settings),
      meetings(1, users, settings, MERGING_MS),
    ]),
};

export const manyRooms: Scenario = {
  name: 'rooms',
  title: 'Many live meetings of 10, as in "live"',
  aims: [
    { rows: /^1000 meetings/, text: 'at most 35 % of a core', figure: 'cpuPercent', atMost: 35 },
    { rows: /^1000 meetings/, text: 'p99 at most 30 ms', figure: 'p99Ms', atMost: 30 },
  ],
  cases: (settings) =>
    (settings.clients ?? [settings.smoke ? 30 : 10_000]).map((clients) =>
      meetings(Math.ceil(clients / 10), 10, settings),
    ),
};
