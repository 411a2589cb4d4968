import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Presence, RoomState, User } from '../../src/protocol/messages.ts';
import type { Report } from '../support/room-account.ts';
import { RoomWalk, type Action, type Window } from '../support/room-walk.ts';
import { MemoryStore } from '../../src/store/store.memory.ts';
import { endOfTurn } from '../support/fake-clock.ts';
import { startServer } from '../support/server.ts';
import type { Frame } from '../support/test-client.ts';

/** Fixed, so that a green commit stays green; `SATSUMA_SEED` and `SATSUMA_RUNS` look elsewhere and for longer. */
const SEED = Number(process.env.SATSUMA_SEED ?? 20_261_121);
const RUNS = Number(process.env.SATSUMA_RUNS ?? 100);
/** Far more than it takes; fast-check then tells the seed, where the runner's own limit would not. */
const LIMIT_MS = 500 * RUNS;

const flag = fc.boolean();
const presence: fc.Arbitrary<Presence> = fc.record(
  {
    joined: flag,
    raisedHand: flag,
    speaking: flag,
    transceiverSessionId: fc.constantFrom('s1', 's2'),
    tracks: fc.record(
      {
        audioEnabled: flag,
        videoEnabled: flag,
        screenShareEnabled: flag,
        audio: fc.constantFrom('s1/a', 's2/a'),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['joined', 'raisedHand', 'speaking', 'tracks'] },
);

const place = { user: fc.nat(4), room: fc.constantFrom(0, 0, 0, 1) };
const step = <Type extends string>(type: Type) => fc.record({ type: fc.constant(type), ...place });
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 12, arbitrary: step('connect') },
  { weight: 1, arbitrary: step('replace') },
  { weight: 14, arbitrary: step('relay') },
  { weight: 14, arbitrary: fc.record({ type: fc.constant('update' as const), ...place, presence }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('direct' as const), ...place, target: fc.nat(4) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('mute' as const), ...place, target: fc.nat(4) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('leave' as const), ...place, talksOn: flag }) },
  { weight: 2, arbitrary: step('drop') },
  { weight: 1, arbitrary: step('close') },
  { weight: 1, arbitrary: fc.constant({ type: 'settle' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('wait' as const),
      ms: fc.constantFrom(40, 700, 7_000, 8_000, 9_000, 14_999, 15_000, 31_000),
      silent: fc.subarray([0, 1, 2, 3, 4], { maxLength: 2 }),
    }),
  },
);

const walk = fc.record({
  users: fc.integer({ min: 2, max: 5 }),
  rooms: fc.integer({ min: 1, max: 2 }),
  tickMs: fc.constantFrom(0, 50),
  // Without the bias towards short ones, in which little meets.
  actions: fc.noBias(fc.array(action, { maxLength: 120, size: 'max' })),
  wayOut: fc.array(fc.constantFrom('leave' as const, 'drop' as const, 'close' as const), {
    minLength: 1,
    maxLength: 5,
  }),
});

const isState = (frame: Frame): frame is Frame & { state: RoomState } => frame.type === 'roomState';

/** A frame's name in the account of the walk. */
function keyOf(frame: Frame): string {
  const { n } = (frame.message ?? frame) as { n?: unknown };
  switch (frame.type) {
    case 'userLeftNotification':
      return `left ${String(frame.id)}`;
    case 'e2eeMlsMessage':
      return `relay ${String(frame.from)} ${String(n)}`;
    case 'directMessage':
      return `direct ${(frame.message as { from: string }).from} ${String(n)}`;
    case 'error':
      return `error ${String(frame.code)}`;
    default:
      return frame.type;
  }
}

const keysOf = (frames: readonly Frame[]): string[] => frames.filter((frame) => !isState(frame)).map(keyOf);

/** What is in `list` beyond what `other` has, counting repetitions. */
function surplus(list: readonly string[], other: readonly string[]): string[] {
  const rest = [...other];
  return list.filter((key) => {
    const index = rest.indexOf(key);
    if (index >= 0) rest.splice(index, 1);
    return index < 0;
  });
}

/** Nothing before the first state, in which its own user is. [H2] */
function expectStateFirst({ before, frames, userId }: Report): void {
  const first = before[0] ?? frames[0];
  if (first === undefined) return;
  expect(isState(first) && first.state.users.map(({ id }) => id)).toContain(userId);
}

/** All that had to come has come, once; beside it only what could come. */
function expectComplete({ frames, must, may }: Report): void {
  const got = keysOf(frames);
  expect({ missing: surplus(must, got), unexpected: surplus(got, [...must, ...may]) }).toEqual({
    missing: [],
    unexpected: [],
  });
}

/** The numbers of each sender rise, its relays apart from its direct messages. */
function expectSendersInOrder({ frames }: Report): void {
  const last = new Map<string, number>();
  for (const key of keysOf(frames)) {
    const [kind, sender, n] = /^(relay|direct) (.*) (\d+)$/.exec(key)?.slice(1) ?? [];
    if (kind === undefined) continue;
    expect(Number(n)).toBeGreaterThan(last.get(`${kind} ${sender}`) ?? 0);
    last.set(`${kind} ${sender}`, Number(n));
  }
}

/**
 * Along a socket's frames: every id that goes missing between two states was announced in between, and only those;
 * between an announcement and its state there are only other announcements; and whose message comes was seen before
 * as it was when it was said.
 */
function expectStatesInTheirPlaces({ before, frames }: Report): void {
  let shown = new Map<string, User>(
    before.findLast(isState)?.state.users.map((user) => [user.id, user]) ?? [],
  );
  let announced: string[] = [];
  for (const frame of frames) {
    if (isState(frame)) {
      const next = new Map(frame.state.users.map((user) => [user.id, user]));
      const gone = [...shown.keys()].filter((id) => !next.has(id));
      expect(announced.filter((id) => !next.has(id)).sort()).toEqual(gone.sort());
      shown = next;
      announced = [];
    } else if (frame.type === 'userLeftNotification') {
      expect([...shown.keys()]).toContain(frame.id);
      announced.push(String(frame.id));
    } else {
      expect(announced).toEqual([]);
      const content = frame.type === 'directMessage' ? frame.message : frame;
      if (frame.type === 'e2eeMlsMessage' || frame.type === 'directMessage') expectSeen(shown, content);
    }
  }
}

/** A mute may race a message; the rest of its sender's presence was sent before it on the same socket. */
function expectSeen(shown: ReadonlyMap<string, User>, content: unknown): void {
  const { from, presence } = content as { from: string; presence: Presence };
  const { id: _, name: __, ...seen } = shown.get(from) ?? { id: from, name: 'never seen' };
  expect(withoutMicrophone(seen)).toEqual(withoutMicrophone(presence));
}

function withoutMicrophone(presence: Partial<Presence>): object {
  const { audioEnabled: _, ...tracks } = presence.tracks ?? {};
  return { ...presence, tracks };
}

/**
 * No state without a change; all who leave in one sweep are gone in one state. A socket's first state may be followed by
 * one that has waited since nobody was there to get it.
 */
function expectNoNeedlessStates({ before, frames, changes }: Report): void {
  const first = before.length === 0 ? 1 : 0;
  expect(frames.filter(isState).length).toBeLessThanOrEqual(first + changes);
}

/** Who is still here shows what the account says. */
function expectConverged({ before, frames, users }: Report): void {
  if (users === undefined) return;
  const last = [...before, ...frames].findLast(isState);
  expect(last?.state).toEqual({ ai: { enabled: false }, meetingId: expect.any(String), users });
}

/** Any two sockets of a room got what both of them got in the same order. */
function expectSameOrder(reports: readonly Report[]): void {
  const heard = reports.map(({ frames }) => keysOf(frames).filter((key) => /^(?:relay|left) /.test(key)));
  for (const [index, one] of heard.entries()) {
    for (const other of heard.slice(index + 1)) {
      expect(one.filter((key) => other.includes(key))).toEqual(other.filter((key) => one.includes(key)));
    }
  }
}

/** One id for each meeting, on every socket, and another for each other meeting. */
function expectOneIdPerMeeting(ids: Map<number, string>, { meeting, frames }: Report): void {
  for (const { state } of frames.filter(isState)) {
    ids.set(meeting, ids.get(meeting) ?? state.meetingId);
    expect(state.meetingId).toBe(ids.get(meeting));
  }
  expect(new Set(ids.values()).size).toBe(ids.size);
}

function expectWindow(window: Window, meetingIds: Map<number, string>): void {
  const { reports, stats, timers, expectedStats, expectedTimers } = window;
  for (const report of reports) {
    expectStateFirst(report);
    expectComplete(report);
    expectSendersInOrder(report);
    expectStatesInTheirPlaces(report);
    expectNoNeedlessStates(report);
    expectConverged(report);
    expectOneIdPerMeeting(meetingIds, report);
    expect(report.end).toEqual(report.expectedEnd);
  }
  for (const room of new Set(reports.map((report) => report.room))) {
    expectSameOrder(reports.filter((report) => report.room === room));
  }
  expect(stats).toEqual(expectedStats);
  expect(timers).toBeGreaterThanOrEqual(expectedTimers.least);
  expect(timers).toBeLessThanOrEqual(expectedTimers.most);
}

test(
  '[H2] [H3] [H4] [H5] [H6] [H7] [H8] [H9] [H10] [H12] whatever people do, those who stay see the same, in the same order, and nothing is left when they are gone',
  async () => {
    const property = fc.asyncProperty(walk, async ({ users, rooms, tickMs, actions, wayOut }) => {
      // Without the periodic state nothing heals what was not sent.
      const store = new MemoryStore();
      const environment = {
        PERIODIC_STATE_MS: '0',
        STATE_TICK_MS: String(tickMs),
        MAX_FRAMES_PER_SECOND: '100000',
      };
      const server = await startServer(environment, { store });
      const meetingIds = new Map<number, string>();
      const walk = new RoomWalk(server, { users, rooms, tickMs }, (window) =>
        expectWindow(window, meetingIds),
      );
      try {
        for (let user = 0; user < users; user += 1) await walk.perform({ type: 'connect', user, room: 0 });
        for (const action of actions) await walk.perform(action);
        await walk.everybodyOut(wayOut);
        await walk.perform({ type: 'wait', ms: 25_000, silent: [] });
        // What the journal still has to write down.
        server.clock.advance(50);
        await endOfTurn();
        expect(server.app.stats()).toEqual({ rooms: 0, connections: 0 });
        expect(server.clock.timerCount).toBe(1);
        expect(await store.readLiveRooms()).toEqual([]);
      } finally {
        walk.dispose();
        await server.app.close();
      }
    });
    await fc.assert(property, {
      seed: SEED,
      numRuns: RUNS,
      timeout: 10_000,
      interruptAfterTimeLimit: LIMIT_MS,
    });
  },
  LIMIT_MS + 10_000,
);
