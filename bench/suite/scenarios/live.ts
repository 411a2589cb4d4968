import { people, recordMarker, stateBytes, toggles } from '../people.ts';
import type { Case, Scenario, Settings } from '../scenario.ts';
import { cpuPercent, loadPercent, sample } from '../stage.ts';
import { warmUpChanges } from '../warm-up.ts';
import { EVERYBODY, featuresOf, isOurs, OURS, titled } from './everybody.ts';

/** Changes of so long are merged in the second row. */
const MERGING_MS = 50;
const TOGGLE_MS = 2_000;
const HEARTBEAT_MS = 5_000;
/** So many times as long as other measurements: each toggles some times, and there are heartbeats. */
const SECONDS_FACTOR = 6;
/** Before our server is measured the meeting goes on for so many seconds with at least so many changes. */
const SETTLING_CHANGES_PER_SECOND = 1_000;
const SETTLING_SECONDS = 5;
/** In a smoke run everybody is ten times as lively. */
const SMOKE_FACTOR = 10;

/** With liveness and the periodic state as they are by default. */
const AS_BY_DEFAULT = { HEARTBEAT_TIMEOUT_MS: '15000', PERIODIC_STATE_MS: '15000' };

/** Latency is from a client's change to the state that shows it to the client itself. */
const meetings = (
  count: number,
  users: number,
  { seconds, smoke }: Settings,
  features: string,
  tickMs?: number,
): Case => ({
  title: [
    titled(`${count === 1 ? 'one meeting' : `${count} meetings`} of ${users}`, features),
    ...(tickMs === undefined ? [] : [`STATE_TICK_MS ${tickMs}`]),
  ].join(', '),
  contestants: tickMs === undefined && features === '' ? EVERYBODY : OURS,
  measure: (contestant, staging) => {
    const env = { ...AS_BY_DEFAULT, ...(tickMs !== undefined && { STATE_TICK_MS: String(tickMs) }) };
    return staging.with(contestant, { task: stateBytes(users), env, features }, async (stage) => {
      await warmUpChanges(stage, staging.settings);
      const everybody = people(count * users, users);
      await stage.list(everybody, recordMarker);
      await stage.load.tell('mode 0 2');
      await stage.open();
      await stage.quiet();
      await stage.introduce(everybody, toggles);
      const command = (factor: number, duration: number): string =>
        `live ${(TOGGLE_MS * 1e6) / factor} ${(HEARTBEAT_MS * 1e6) / factor} ${duration}`;
      // Otherwise V8 would be compiling for the first minutes of the meeting.
      const livelier = Math.max(1, SETTLING_CHANGES_PER_SECOND / ((count * users * 1e3) / TOGGLE_MS));
      if (!smoke && isOurs(contestant)) await stage.measure(command(livelier, SETTLING_SECONDS));
      const live = await stage.measure(command(smoke ? SMOKE_FACTOR : 1, SECONDS_FACTOR * seconds));
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

const ONE_CORE = 'of a core';

export const liveMeeting: Scenario = {
  name: 'live',
  title: 'A live meeting: everybody toggles speaking every 2 s and sends a heartbeat every 5 s',
  aims: [
    { rows: /^one meeting of 100$/, text: `at most 6 % ${ONE_CORE}`, figure: 'cpuPercent', atMost: 6 },
    {
      rows: /^one meeting of 100, patch clients$/,
      text: `at most 3 % ${ONE_CORE}`,
      figure: 'cpuPercent',
      atMost: 3,
    },
    {
      rows: /^one meeting of 100, patch clients$/,
      text: 'at most 0.5 MB/s',
      figure: 'megabytesPerSecond',
      atMost: 0.5,
    },
  ],
  cases: (settings) =>
    (settings.clients ?? [settings.smoke ? 5 : 100]).flatMap((users) =>
      featuresOf(settings).flatMap((features) => [
        meetings(1, users, settings, features),
        meetings(1, users, settings, features, MERGING_MS),
      ]),
    ),
};

export const manyRooms: Scenario = {
  name: 'rooms',
  title: 'Many live meetings of 10, as in "live"',
  aims: [
    { rows: /^1000 meetings of 10$/, text: `at most 35 % ${ONE_CORE}`, figure: 'cpuPercent', atMost: 35 },
    { rows: /^1000 meetings of 10$/, text: 'p99 at most 30 ms', figure: 'p99Ms', atMost: 30 },
  ],
  cases: (settings) =>
    (settings.clients ?? [settings.smoke ? 30 : 10_000]).flatMap((clients) =>
      featuresOf(settings).map((features) => meetings(Math.ceil(clients / 10), 10, settings, features)),
    ),
};
