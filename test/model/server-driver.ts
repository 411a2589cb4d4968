import assert from 'node:assert/strict';
import type { RoomEvent } from '../../machines/room.events.ts';
import type { RoomState } from '../../src/protocol/messages.ts';
import type { Close } from '../../src/protocol/close-codes.ts';
import { MemoryStore } from '../../src/store/store.memory.ts';
import { endOfTurn } from '../support/fake-clock.ts';
import { byToken, signToken, WITH_TOKENS } from '../support/invitations.ts';
import { startServer, type TestServer } from '../support/server.ts';
import type { TestClient } from '../support/test-client.ts';
import { until } from '../support/until.ts';
import { nameOf, type Person } from './cast.ts';
import { messageOf } from './client-messages.ts';
import type { Driver, Task } from './drive.ts';
import { expectedOf, REPLACED, type Heard } from './expected-frames.ts';
import { HandClock } from './hand-clock.ts';
import { HandVoice } from './hand-voice.ts';
import { viewOf } from './invariants.ts';
import { LastStates } from './last-states.ts';
import { isOutcome, type Move } from './moves.ts';
import { stateOf } from './states.ts';
import { assertAccount, bringAbout, roomTimes, timesIn } from './upstream.ts';

const ROOM = 'room';
const SWEEP_MS = 1_000;
/** The defaults of the configuration, in sweeps. */
const RECONNECT_GRACE_SWEEPS = 8;
const HEARTBEAT_TIMEOUT_SWEEPS = 15;
/** Seconds since the epoch, after every tour. */
const LATER = 1_000_000_000;
/** The clock stands still while a tour asks after every step whether all is done. */
const ENVIRONMENT = { ...WITH_TOKENS, PERIODIC_STATE_MS: '0', MAX_FRAMES_PER_SECOND: '1000000' };

/** How a socket ends that its client has cut. */
const CUT: Close = { code: 1006, reason: '' };

/** A room of a whole server, with a real socket for everybody who is in it. */
export class ServerDriver implements Driver {
  readonly #voice = new HandVoice();
  readonly #clock = new HandClock();
  readonly #clients = new Map<Person, TestClient>();
  /** The ids that the server has given to the model's meetings. */
  readonly #meetings = new Map<string, string>();
  readonly #lastStates = new LastStates();
  #server: TestServer | undefined;

  async perform(task: Task): Promise<void> {
    const earlier = new Map(this.#clients);
    await this.#happen(task.move);
    await endOfTurn();
    await endOfTurn();
    await this.#settle(task);
    this.#learn(task);
    for (const [id, heard] of expectedOf(task)) await this.#assertHeard(task, id, heard, earlier.get(id));
    const { context } = task.step.snapshot;
    const [view] = this.#inServersWords([viewOf(task.step.snapshot)]) as [RoomState];
    this.#lastStates.assertSame(context.users.keys(), view);
    this.#assertServer(task);
  }

  async end(): Promise<void> {
    await this.#server?.app.close();
    await endOfTurn();
    assert.deepEqual(roomTimes(this.#clock), [], 'the timers of a server that has stopped');
    assertAccount(this.#voice, 'idle', undefined);
  }

  async #happen(move: Move): Promise<void> {
    const server = await this.#running();
    if (isOutcome(move)) bringAbout(move, this.#voice, this.#clock);
    else if (move.type === 'user.joined') await this.#connect(server, move.id as Person);
    else if (move.type === 'room.restored') await this.#restart(move);
    else if (move.type === 'ai.ended') this.#voice.end();
    else if (move.type === 'user.left' && move.reason !== 'left') await this.#vanish(server, move);
    else {
      const { by, message } = messageOf(move);
      this.#clientOf(by as Person).send(message);
      // The answer to a ping comes after all that the message leads to; a leaver gets none.
      if (move.type !== 'user.left') await this.#clientOf(by as Person).settle();
    }
  }

  async #connect(server: TestServer, id: Person): Promise<void> {
    const grants = id === 'b' ? { roomAdmin: true } : {};
    const token = await signToken({ sub: id, name: nameOf(id), room: ROOM, exp: LATER, ...grants });
    this.#clients.set(id, await server.connect(byToken(token, id)));
  }

  async #running(store = new MemoryStore()): Promise<TestServer> {
    this.#server ??= await startServer(ENVIRONMENT, { clock: this.#clock, voice: this.#voice, store });
    return this.#server;
  }

  /** A server that finds a room of an earlier process, to which everybody's page comes back at once. */
  async #restart({ meetingId, users }: Extract<RoomEvent, { type: 'room.restored' }>): Promise<void> {
    await this.#server?.app.close();
    this.#server = undefined;
    const store = new MemoryStore();
    const put = users.map((user) => {
      const role = user.id === 'b' ? ('admin' as const) : ('member' as const);
      return { id: user.id, owner: `token:${user.id}`, role, user, lastSeenAt: 0 };
    });
    await store.save({ meetings: [], rooms: [{ name: ROOM, meetingId, revision: 7, put, remove: [] }] });
    this.#meetings.set(meetingId, meetingId);
    const server = await this.#running(store);
    for (const { id } of users) await this.#connect(server, id as Person);
  }

  /** The socket goes, or is silent, and the others are heard until the sweep finds out. */
  async #vanish(
    server: TestServer,
    { id, reason }: Extract<RoomEvent, { type: 'user.left' }>,
  ): Promise<void> {
    const others = this.#here.filter((other) => other !== id);
    const heard = () => Promise.all(others.map((other) => this.#clientOf(other).settle()));
    await heard();
    if (reason === 'dropped') {
      const { connections } = server.app.stats();
      this.#clientOf(id as Person).drop();
      await until(() => server.app.stats().connections === connections - 1);
    }
    const sweeps = reason === 'dropped' ? RECONNECT_GRACE_SWEEPS : HEARTBEAT_TIMEOUT_SWEEPS;
    for (let sweep = 1; sweep <= sweeps; sweep += 1) {
      if (sweep === sweeps) await heard();
      this.#clock.pass(SWEEP_MS);
      this.#clock.fire(SWEEP_MS);
    }
  }

  /** Waits until everybody who stays has got all that comes of the step. */
  async #settle({ step: { snapshot } }: Task): Promise<void> {
    const { users } = snapshot.context;
    await until(() => this.#here.every((id) => users.has(id)));
    await until(() => this.#server?.app.stats().connections === users.size);
    await Promise.all(this.#here.map((id) => this.#clientOf(id).settle()));
  }

  /** The server makes the ids of meetings: the first state of one tells which. */
  #learn({ step: { effects } }: Task): void {
    for (const effect of effects) {
      if (effect.type !== 'meeting.started') continue;
      const [frame] = this.#here.map((id) => this.#clientOf(id).frames[0]);
      if (frame === undefined) throw new Error('nobody has got the state of a new meeting');
      const { meetingId } = frame['state'] as RoomState;
      assert.ok(![...this.#meetings.values()].includes(meetingId), 'a new meeting has a new id');
      this.#meetings.set(effect.meetingId, meetingId);
    }
  }

  async #assertHeard(task: Task, id: Person, { frames, end }: Heard, earlier?: TestClient): Promise<void> {
    const client = this.#clientOf(id);
    if (earlier !== undefined && earlier !== client && task.before.context.users.has(id)) {
      assert.deepEqual(await earlier.closed, REPLACED, `the older connection of ${id}`);
      assert.deepEqual(earlier.take(), [], `${id} hears nothing by an older connection`);
    }
    const got = client.take();
    this.#lastStates.note(id, got);
    assert.deepEqual(got, this.#inServersWords(frames), `what ${id} hears`);
    assert.equal(client.isOpen, task.step.snapshot.context.users.has(id), `whether ${id} is connected`);
    if (client.isOpen) return;
    assert.deepEqual(await client.closed, end ?? CUT, `how the connection of ${id} ends`);
  }

  /** Frames with the meeting's id as the server has it. */
  #inServersWords(frames: readonly unknown[]): unknown {
    const json = JSON.stringify(frames);
    return JSON.parse(
      json.replaceAll(
        /"meetingId":"([^"]*)"/g,
        (_, id: string) => `"meetingId":"${this.#meetings.get(id) ?? id}"`,
      ),
    );
  }

  #assertServer({ step: { snapshot } }: Task): void {
    const state = stateOf(snapshot);
    const { users, session, meetingId } = snapshot.context;
    assertAccount(this.#voice, state, session?.callId);
    const stats = { rooms: meetingId === null ? 0 : 1, connections: users.size };
    assert.deepEqual(this.#server?.app.stats(), stats, 'what the server has');
    assert.deepEqual(roomTimes(this.#clock), meetingId === null ? [] : timesIn(state), 'the timers');
  }

  #clientOf(id: Person): TestClient {
    const client = this.#clients.get(id);
    if (client === undefined) throw new Error(`${id} has no connection`);
    return client;
  }

  /** Who has an open socket. */
  get #here(): readonly Person[] {
    return [...this.#clients].flatMap(([id, client]) => (client.isOpen ? [id] : []));
  }
}
