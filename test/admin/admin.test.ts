import { describe, expect, test } from 'vitest';
import type { TraceStep } from '../../src/visualiser/trace.ts';
import { parseTrace } from '../../src/visualiser/print-replay.ts';
import { replay } from '../../src/visualiser/replay.ts';
import { ask, CookieJar, problem, type AskOptions } from '../support/ask.ts';
import { EventStream } from '../support/event-stream.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const TOKEN = 'a token for operators';
const EVENTS = '/rooms/room/statechart/events';
const TRACE = '/rooms/room/statechart/trace';
const PRESENCE = { joined: true, raisedHand: false, speaking: false, tracks: {} };

const admin = (server: TestServer) => ({ url: `http://127.0.0.1:${server.adminPort}` });

const askAdmin = async (server: TestServer, path: string, options: AskOptions = {}) => {
  const { status, headers, body } = await ask(admin(server), path, options);
  const isJson = headers['content-type']?.toString().startsWith('application/json') === true;
  return { status, headers, body: isJson ? (JSON.parse(body) as unknown) : body };
};

const GUARDED = ['/', '/rooms', '/machines/room.svg', '/rooms/room/statechart', EVENTS, TRACE];

describe('who may use the admin port', () => {
  test.each(['127.0.0.1', 'localhost', '[::1]'])('[L5] this machine, by the name %s', async (name) => {
    const server = await startServer();
    const headers = { host: `${name}:${server.adminPort}` };
    expect((await askAdmin(server, '/rooms', { headers })).status).toBe(200);
  });

  test.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '127.0.0.1:9090.evil.example',
  ])('[L5] no page that has its own name, %j, point here', async (host) => {
    const server = await startServer();
    for (const path of GUARDED) {
      const { status, body } = await askAdmin(server, path, { headers: { host } });
      const problemOfHost = problem('misdirected', 'This server does not answer to that host name');
      expect([path, status, body]).toEqual([path, 421, problemOfHost]);
    }
  });

  test('[L5] with a token, whoever has it, by any name', async () => {
    const server = await startServer({ ADMIN_TOKEN: TOKEN });
    const host = 'rooms.example.org';
    const authorization = `Bearer ${TOKEN}`;
    expect((await askAdmin(server, '/rooms', { headers: { host, authorization } })).status).toBe(200);
    for (const path of GUARDED) {
      for (const wrong of [
        {},
        { authorization: `Bearer ${TOKEN}x` },
        { cookie: `__satsuma_admin=${TOKEN}` },
      ]) {
        const { status, body } = await askAdmin(server, path, { headers: { host, ...wrong } });
        expect([path, status, body]).toEqual([
          path,
          401,
          problem('admin_token_required', 'This needs the admin token'),
        ]);
      }
    }
  });

  test('[L5] people type the token once, and their browser keeps something else', async () => {
    const server = await startServer({ ADMIN_TOKEN: TOKEN });
    const page = await askAdmin(server, '/', { headers: { accept: 'text/html,*/*' } });
    expect([page.status, page.headers['location']]).toEqual([302, '/login']);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const login = (token: string) =>
      ask(admin(server), '/login', {
        method: 'POST',
        headers: form,
        body: new URLSearchParams({ token }).toString(),
      });
    expect((await login('something else, long enough')).status).toBe(401);
    const retry = await ask(admin(server), '/login', {
      method: 'POST',
      headers: { ...form, accept: 'text/html,*/*' },
      body: 'token=wrong',
    });
    expect([retry.status, retry.headers['location'], retry.headers['set-cookie']]).toEqual([
      302,
      '/login',
      undefined,
    ]);
    const answer = await login(TOKEN);
    expect([answer.status, answer.headers['location']]).toEqual([302, '/']);
    expect(String(answer.headers['set-cookie'])).toMatch(/; HttpOnly; SameSite=Strict$/);
    const jar = new CookieJar();
    jar.keep(answer);
    expect(jar.header.cookie).not.toContain(TOKEN);
    expect((await askAdmin(server, '/rooms', { headers: jar.header })).status).toBe(200);
    const other = await startServer({ ADMIN_TOKEN: 'another token for operators' });
    expect((await askAdmin(other, '/rooms', { headers: jar.header })).status).toBe(401);
  });

  test('[L5] nobody where it is open to others without a token, but health is there', async () => {
    const server = await startServer({ ADMIN_HOST: '0.0.0.0' });
    for (const path of GUARDED) expect([path, (await askAdmin(server, path)).status]).toEqual([path, 403]);
    expect((await askAdmin(server, '/livez')).status).toBe(200);
    expect(server.logLines).toContainEqual(
      expect.objectContaining({
        level: 40,
        msg: 'the admin port gives its health alone: it is open to others, without ADMIN_TOKEN',
      }),
    );
  });

  test('[L5] pages of other sites load nothing, but may lead here', async () => {
    const server = await startServer();
    const from = (site: string, mode: string, dest: string) =>
      askAdmin(server, '/rooms', {
        headers: { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest },
      });
    const statuses = [
      await from('cross-site', 'no-cors', 'empty'),
      await from('same-site', 'cors', 'empty'),
      await from('cross-site', 'navigate', 'iframe'),
      await from('cross-site', 'navigate', 'document'),
      await from('same-origin', 'cors', 'empty'),
      await from('none', 'navigate', 'document'),
    ].map(({ status }) => status);
    expect(statuses).toEqual([403, 403, 403, 200, 200, 200]);
  });

  test('[L5] the login takes few tries of an address, and wrong ones are logged', async () => {
    const server = await startServer({ ADMIN_TOKEN: TOKEN });
    const guess = () =>
      ask(admin(server), '/login', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: 'token=wrong',
      });
    const statuses = [];
    for (let n = 0; n < 21; n += 1) statuses.push((await guess()).status);
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 401), 429]);
    expect(server.logLines.filter(({ msg }) => msg === 'wrong admin token').length).toBe(20);
    server.clock.advance(3_000);
    expect((await guess()).status).toBe(401);
  });

  test('[L5] none of it is on the public port', async () => {
    const server = await startServer();
    for (const path of ['/machines/room.svg', '/rooms/room/statechart', EVENTS]) {
      expect([path, (await ask(server, path)).status]).toEqual([path, 404]);
    }
  });
});

describe('rooms', () => {
  test('[L1] are listed by name with their state, and found by a part of it', async () => {
    const server = await startServer();
    for (const room of ['red%20room', 'blue', 'Bluebell']) {
      const client = await server.connect({ room, id: room, name: 'alice' });
      await client.settle();
    }
    const { body } = await askAdmin(server, '/rooms');
    const summary = (name: string) => ({
      name,
      state: 'active',
      meetingId: expect.any(String) as string,
      users: 1,
    });
    expect(body).toEqual({ total: 3, found: 3, rooms: ['Bluebell', 'blue', 'red room'].map(summary) });
    expect((await askAdmin(server, '/rooms?name=BLUE')).body).toEqual({
      total: 3,
      found: 2,
      rooms: ['Bluebell', 'blue'].map(summary),
    });
  });

  test('[L1] [L2] are seen as they happen, over HTTP', async () => {
    const server = await startServer();
    const stream = await EventStream.open(server.adminPort, EVENTS);
    const client = await server.connect({ id: 'a' });
    await client.settle();
    client.send({ type: 'userUpdate', user: PRESENCE });
    await stream.until((events) => events.at(-1)?.event === 'steps');
    expect(stream.events.map(({ event }) => event)).toEqual(['state', 'state', 'steps']);
    expect(stream.events[2]?.data).toMatchObject([
      { seq: 2, outcome: 'taken', event: { type: 'user.updated', id: 'a' }, value: 'active' },
    ]);
  });

  test('[L6] give a trace that replays, whether they are watched or not', async () => {
    const server = await startServer();
    expect((await askAdmin(server, TRACE)).status).toBe(404);
    const client = await server.connect({ id: 'a' });
    await client.settle();
    const unwatched = parseTrace((await ask(admin(server), TRACE)).body);
    expect([unwatched.steps, unwatched.start]).toEqual([[], unwatched.end]);
    const stream = await EventStream.open(server.adminPort, EVENTS);
    await stream.until((events) => events.length > 0);
    client.send({ type: 'enableAi' });
    client.send({ type: 'userUpdate', user: PRESENCE });
    await until(async () => (await ask(admin(server), TRACE)).body.includes('user.updated'));
    const answer = await ask(admin(server), TRACE);
    expect(answer.headers['content-disposition']).toBe('attachment; filename="trace.json"');
    const trace = parseTrace(answer.body);
    expect(replay(trace)).toMatchObject({ ok: true, events: 3 });
  });

  test('[L3] an onlooker that does not read slows nobody, and is sent the state anew', async () => {
    const server = await startServer({ MAX_FRAMES_PER_SECOND: '100000' });
    const client = await server.connect({ id: 'a' });
    const other = await server.connect({ id: 'b', name: 'bob' });
    await other.settle();
    const [stalled, reading] = [
      await EventStream.open(server.adminPort, EVENTS),
      await EventStream.open(server.adminPort, EVENTS),
    ];
    await stalled.until((events) => events.length > 0);
    stalled.pause();
    const rounds = 150;
    const perRound = 200;
    const audio = 'x'.repeat(500);
    for (let round = 0; round < rounds; round += 1) {
      for (let n = 0; n < perRound; n += 1) {
        const user = { ...PRESENCE, raisedHand: n % 2 === 0, tracks: { audio } };
        client.send({ type: 'userUpdate', user });
      }
      await client.settle();
    }
    const last = 1 + rounds * perRound;
    const lastSeq = ({ events }: EventStream): number =>
      events.flatMap(({ event, data }) => (event === 'steps' ? (data as TraceStep[]) : [])).at(-1)?.seq ?? 0;
    await until(() => lastSeq(reading) >= last - 2);
    expect(stalled.events.length).toBe(1);
    stalled.resume();
    await until(() => {
      const { event, data } = stalled.events.at(-1) ?? {};
      const steps = event === 'state' ? (data as { steps: TraceStep[] }).steps : (data as TraceStep[]);
      return (steps.at(-1)?.seq ?? 0) >= last - 2;
    });
    expect(stalled.events.filter(({ event }) => event === 'state').length).toBeGreaterThan(1);
    await other.settle();
    expect(other.frames.at(-1)?.type).toBe('roomState');
  }, 60_000);

  test('[L1] [G13] a stop ends the streams', async () => {
    const server = await startServer();
    const stream = await EventStream.open(server.adminPort, EVENTS);
    expect(stream.isOver).toBe(false);
    await server.app.close();
    await until(() => stream.isOver);
    expect(stream.isOver).toBe(true);
  });
});
