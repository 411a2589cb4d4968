import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readDescription } from '../../../src/sfu/session/sdp-reader.ts';
import { endOfTurn } from '../../support/fake-clock.ts';
import { FakeSfu, type FakeSession, type Reply } from './fake-sfu.ts';
import { answerTo, offer, type OfferLine } from './peer-descriptions.ts';

const who = fc.nat(2);
const name = fc.constantFrom('a', 'b', 'c', '__proto__', 'x\r\na=evil:1');
const kind = fc.constantFrom('audio' as const, 'video' as const);
const mid = fc.oneof(
  fc.nat(6).map(String),
  name.map((name) => `#${name.slice(0, 9).replaceAll(/\s/g, '')}`),
);

/** What a client may ask for at any time, sensible or not, with answers that get lost. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('push' as const), who, name, kind }) },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('pull' as const),
      who,
      of: fc.array(fc.record({ from: who, name }), { minLength: 1, maxLength: 3 }),
      answer: fc.constantFrom('given', 'given', 'lost', 'partial'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('offer' as const), who, name, kind, both: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('feed' as const), who, from: who, name, mid }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('update' as const), who, from: who, name, mid }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('close' as const),
      who,
      mids: fc.array(mid, { minLength: 1, maxLength: 3 }),
      how: fc.constantFrom('force', 'inactive', 'stopped'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('flow' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('time' as const), ms: fc.constantFrom(900, 9_000, 31_000) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('renew' as const), who }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** A browser as far as its m-lines go: what both sides know since the last exchange that came to its end. */
class Client {
  readonly session: FakeSession;
  lines: readonly OfferLine[] = [];
  unanswered: string | undefined;

  constructor(session: FakeSession) {
    this.session = session;
  }

  /** What this side's own description says, seen from there. */
  learn(sdp: string): void {
    this.lines = readDescription(sdp).lines.map(({ mid, type, sends, receives, isRejected }): OfferLine => {
      const direction = sends ? (receives ? 'sendrecv' : 'recvonly') : receives ? 'sendonly' : 'inactive';
      const kind = type === 'audio' ? 'audio' : 'video';
      return { mid, kind, direction: isRejected ? 'stopped' : direction };
    });
  }

  newMid(): string {
    return String(this.lines.length + 10);
  }
}

class Course {
  readonly sfu = new FakeSfu({ maxRequestsPerSecond: 1e6 });
  readonly faults: string[] = [];
  /** How often something was seen to be sent. */
  sent = 0;
  readonly #clients: Client[] = [];

  async begin(): Promise<void> {
    for (let at = 0; at < 3; at += 1) this.#clients.push(await this.#connected());
  }

  async take(event: Step): Promise<void> {
    switch (event.type) {
      case 'push':
        return this.#push(this.#client(event.who), event.name, event.kind);
      case 'pull':
        return this.#pull(event);
      case 'offer': {
        const { name: trackName, kind, both } = event;
        const item = { location: 'local', trackName, kind, bidirectionalMediaStream: both };
        const client = this.#client(event.who);
        client.unanswered = this.#checked(await this.sfu.tracksNew(client.session, { tracks: [item] })).body
          .sessionDescription?.sdp;
        return this.#answer(client, 'given');
      }
      case 'feed':
        return this.#while(
          this.sfu.tracksNew(this.#client(event.who).session, { tracks: [this.#item(event)] }),
        );
      case 'update':
        return this.#while(this.sfu.update(this.#client(event.who).session, { tracks: [this.#item(event)] }));
      case 'close':
        return this.#close(this.#client(event.who), event.mids, event.how);
      case 'flow':
        return this.#flow();
      case 'time':
        this.sfu.advance(event.ms);
        return;
      case 'renew':
        this.#client(event.who).session.transport.become('disconnected');
        this.#clients[event.who] = await this.#connected();
    }
  }

  /** What must never be: something that is sent though the API knows nothing of it. */
  async look(): Promise<void> {
    for (const { session } of this.#clients) {
      const { body } = await this.sfu.state(session);
      const listed = (body.tracks ?? []) as { mid: string; location: string; status: string }[];
      const live = listed.filter(({ location, status }) => location === 'remote' && status === 'active');
      const mids = new Set(live.map(({ mid }) => mid));
      for (const { source, mid } of session.media.subscriptions) {
        if (source === undefined) continue;
        this.sent += 1;
        if (source.isClosed || !mids.has(mid)) this.faults.push(`m-line ${mid} sends what is closed`);
      }
    }
  }

  /** What is left when all peers have gone. */
  leave(): object {
    for (const { session } of this.#clients) session.transport.become('disconnected');
    this.sfu.advance(61_000);
    const { sessions, tracks } = this.sfu.registry.stats;
    const media = this.sfu.engine.sessions;
    return {
      sessions,
      tracks,
      publications: media.flatMap(({ publications }) => publications.filter(({ isClosed }) => !isClosed)),
      subscriptions: media.flatMap(({ subscriptions }) => subscriptions.filter(({ isClosed }) => !isClosed)),
    };
  }

  /** A packet of every track. */
  #flow(): void {
    for (const { publications } of this.sfu.engine.sessions)
      for (const publication of publications) if (!publication.isClosed) publication.flow();
  }

  async #connected(): Promise<Client> {
    const session = await this.sfu.open();
    session.transport.become('connected');
    return new Client(session);
  }

  #client(at: number): Client {
    const client = this.#clients[at];
    if (client === undefined) throw new Error('no such client');
    return client;
  }

  #item({ from, name: trackName, mid }: { from: number; name: string; mid: string }): object {
    return { location: 'remote', sessionId: this.#client(from).session.id, trackName, mid };
  }

  #checked(reply: Reply): Reply {
    if (reply.status === 500) this.faults.push('internal error');
    const sdp = reply.body.sessionDescription?.sdp ?? '';
    if (sdp.includes('evil')) this.faults.push('a name became a line');
    const msids = sdp.match(/a=msid:[^\r]*/g) ?? [];
    if (new Set(msids).size < msids.length) this.faults.push('two m-lines have one msid');
    if (sdp !== '') readDescription(sdp);
    return reply;
  }

  async #while(asked: Promise<Reply>): Promise<void> {
    await this.#waited(asked);
  }

  /** A pull may wait for packets that never come. */
  async #waited(asked: Promise<Reply>): Promise<Reply> {
    let isOver = false;
    const noted = asked.finally(() => (isOver = true));
    await endOfTurn();
    if (!isOver) this.sfu.advance(8_000);
    return this.#checked(await noted);
  }

  async #push(client: Client, trackName: string, kind: 'audio' | 'video'): Promise<void> {
    const mid = client.newMid();
    const sdp = offer(...client.lines, { mid, kind, direction: 'sendonly' });
    const reply = await this.sfu.tracksNew(client.session, {
      sessionDescription: { type: 'offer', sdp },
      tracks: [{ location: 'local', mid, trackName }],
    });
    this.#learn(client, reply);
    if (trackName !== 'c') this.#flow();
  }

  async #pull({ who, of, answer }: Extract<Step, { type: 'pull' }>): Promise<void> {
    const client = this.#client(who);
    const tracks = of.map(({ from, name: trackName }) => ({
      location: 'remote',
      sessionId: this.#client(from).session.id,
      trackName,
    }));
    const reply = await this.#waited(this.sfu.tracksNew(client.session, { tracks }));
    client.unanswered = reply.body.sessionDescription?.sdp;
    await this.#answer(client, answer);
  }

  async #answer(client: Client, answer: string): Promise<void> {
    const { unanswered: sdp } = client;
    if (sdp === undefined || answer === 'lost') return;
    const given = answerTo(sdp);
    const partial = given.replace(/a=sendonly|a=recvonly/, 'a=inactive');
    const { status } = this.#checked(
      await this.sfu.renegotiate(client.session, answer === 'partial' ? partial : given),
    );
    if (status !== 200) return;
    client.unanswered = undefined;
    client.learn(sdp);
  }

  async #close(client: Client, mids: readonly string[], how: string): Promise<void> {
    const tracks = mids.map((mid) => ({ mid }));
    if (how === 'force') {
      this.#checked(await this.sfu.close(client.session, { tracks, force: true }));
      return;
    }
    const direction = how === 'stopped' ? 'stopped' : 'inactive';
    const lines = client.lines.map((line, at) => {
      const isMeant = mids.includes(line.mid) && line.direction !== 'stopped' && at > 0;
      return isMeant ? ({ ...line, direction } as const) : line;
    });
    if (lines.length === 0) return;
    const sessionDescription = { type: 'offer', sdp: offer(...lines) };
    this.#learn(client, await this.sfu.close(client.session, { tracks, sessionDescription, force: false }));
  }

  #learn(client: Client, reply: Reply): void {
    const { sdp } = this.#checked(reply).body.sessionDescription ?? {};
    if (sdp !== undefined) client.learn(sdp);
  }
}

test('whatever clients ask for, it is answered, what is closed is not sent, and nothing stays', async () => {
  let sent = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 30 }), async (steps) => {
      const course = new Course();
      await course.begin();
      for (const step of steps) {
        await course.take(step);
        await course.look();
      }
      expect(course.faults).toEqual([]);
      expect(course.leave()).toEqual({ sessions: 0, tracks: 0, publications: [], subscriptions: [] });
      sent += course.sent;
    }),
    { numRuns: 150 },
  );
  expect(sent).toBeGreaterThan(0);
});
