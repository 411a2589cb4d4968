import { describe, expect, test } from 'vitest';
import { AttackLab, HERS, MINE } from '../support/attack-lab.ts';
import { sdp } from '../support/scripted-sfu.ts';
import { loginCookie } from '../support/server.ts';
import { announce, outcomes, remote, SfuClient } from '../support/sfu-client.ts';

type Attack = (lab: AttackLab) => Promise<unknown>;

const answer = { sessionDescription: { type: 'answer', sdp: sdp('0') } };
const UNKNOWN = ['not_found_track_error'];

/** One line is one attack; none may reach the SFU. */
const ATTACKS: readonly (readonly [title: string, attack: Attack, expected: unknown])[] = [
  // Ways out of the path
  path('[C1] an encoded way up from one’s own session', `${MINE}/..%2f..%2f${HERS}/tracks/new`),
  path('[C1] an encoded slash in a session id', `${MINE}%2ftracks/new`),
  path('[C1] a way up', `../sessions/${HERS}/tracks/new`),
  path('[C1] a way up at the end', `${MINE}/tracks/new/..`),
  path('[C1] a zero byte', '%00/tracks/new'),
  path('[C1] a session that is called as a property', '__proto__/renegotiate/x'),
  path('[C1] an empty session', '/tracks/new'),
  path('[C1] a slash too many', 'new/'),
  path('[C1] a parameter in the path', 'new;thirdparty=true'),
  path('[C1] a fragment', 'new#'),
  path('[C1] an encoded question mark', 'new%3fthirdparty=true'),
  target('[C1] a prefix that only begins as ours', '/partytracksX/sessions/new', 404),
  target('[C1] a prefix in capitals', '/PARTYTRACKS/sessions/new', 404),
  target('[C1] an encoded prefix', '/%70artytracks/sessions/new', 404),
  target('[C1] two slashes before', '//partytracks/sessions/new', 404),
  target('[C1] two slashes within', '/partytracks//sessions/new', 404),
  target('[C1] a dot', '/partytracks/./sessions/new', 404),
  target('[C1] a way over the other prefix', '/api/calls/../partytracks/sessions/new', 404),
  target('[C1] the other prefix, wrongly', '/api/calls/partytracks/sessions/new', 404),
  target('[C1] backslashes', '/partytracks\\sessions\\new', 405),
  target('[C1] the whole URL of somebody else', 'http://evil.example/partytracks/sessions/new', 505),
  target('[C1] the whole URL of this server', 'http://meet.example/partytracks/sessions/new', 505),
  target('[C1] no path', '*', 505),
  target('[C1] a path without a slash', 'partytracks/sessions/new', 505),
  target('[C1] a space', '/partytracks/sessions/new x', 505),
  target('[C1] a path of the SFU that is not offered', '/api/calls/apps/lab-app-id/sessions/new', 404),
  // Other methods
  method('[C1] a session by GET', 'GET', '/partytracks/sessions/new'),
  method('[C1] a session by DELETE', 'DELETE', '/partytracks/sessions/new'),
  method('[C1] tracks by PUT', 'PUT', `/partytracks/sessions/${MINE}/tracks/new`),
  method('[C1] a method of its own', 'FROBNICATE', '/partytracks/sessions/new'),
  [
    '[C1] a method in a header',
    (lab) => lab.raw('GET', '/partytracks/sessions/new', { 'X-HTTP-Method-Override': 'POST' }),
    405,
  ],
  // Somebody else's session
  foreign('[C3] publishing', (lab) => lab.mallory.push(HERS, 'mine')),
  foreign('[C3] renegotiating', (lab) => lab.mallory.send('PUT', hers('renegotiate'), answer)),
  foreign('[C3] closing', (lab) => lab.mallory.send('PUT', hers('tracks/close'), closing)),
  foreign('[C3] switching', (lab) => lab.mallory.update(HERS, `${MINE}/x`)),
  foreign('[C3] looking', (lab) => lab.mallory.send('GET', `/api/calls/sessions/${HERS}`)),
  foreign('[C3] receiving', (lab) => lab.mallory.pull(HERS, `${MINE}/x`)),
  foreign('[C3] by the other prefix', (lab) =>
    lab.mallory.send('PUT', `/api/calls/sessions/${HERS}/tracks/close`, closing),
  ),
  foreign('[C3] a session that nobody has', (lab) => lab.mallory.push('session-99', 'mine')),
  foreign('[C3] by a name like hers', (lab) =>
    new SfuClient(lab.server, { cookie: loginCookie('vic', 'another sid') }).push(HERS, 'mine'),
  ),
  // Somebody else's tracks
  [
    '[C5] receiving a track of a room where one is not',
    async (lab) => outcomes(await lab.mallory.pull(MINE, `${HERS}/mic`)),
    UNKNOWN,
  ],
  [
    '[C5] switching to a track of a room where one is not',
    async (lab) => outcomes(await lab.mallory.update(MINE, `${HERS}/mic`)),
    UNKNOWN,
  ],
  [
    '[C5] the same among several that are one’s own',
    async (lab) => {
      const tracks = [remote(`${MINE}/mine`), remote(`${HERS}/mic`)].map((track) => ({ ...track, mid: '1' }));
      return outcomes(
        await lab.mallory.send('PUT', `/partytracks/sessions/${MINE}/tracks/update`, { tracks }),
      );
    },
    [...UNKNOWN, ...UNKNOWN],
  ],
  [
    '[C5] saying in one’s own presence that one sends by her session',
    async (lab) => {
      await announce(lab.mallorySocket, `${HERS}/mic`);
      return outcomes(await lab.mallory.pull(MINE, `${HERS}/mic`));
    },
    UNKNOWN,
  ],
  [
    '[C5] a room that one was in and has left',
    async (lab) => {
      const socket = await lab.server.connect({ id: 'm2', name: 'mallory', room: 'private' });
      socket.send({ type: 'userLeft' });
      await socket.closed;
      return outcomes(await lab.mallory.pull(MINE, `${HERS}/mic`));
    },
    UNKNOWN,
  ],
  [
    '[C5] a track that she does not send, by a session of hers that nobody names',
    async (lab) => {
      await announce(lab.vicSocket, 'another/mic');
      await lab.server.connect({ id: 'm2', name: 'mallory', room: 'private' });
      return outcomes(await lab.mallory.pull(MINE, `${HERS}/mic`));
    },
    UNKNOWN,
  ],
  [
    '[C11] leaving with her session in one’s own presence, so that hers be closed',
    async (lab) => {
      await announce(lab.mallorySocket, `${HERS}/mic`);
      lab.mallorySocket.send({ type: 'userLeft' });
      await lab.mallorySocket.closed;
      await lab.vicSocket.settle();
      return lab.sfu.of('tracks/close');
    },
    [],
  ],
];

function target(title: string, raw: string, status: number): readonly [string, Attack, unknown] {
  return [title, (lab) => lab.raw('POST', raw, {}, '{}'), status];
}
function path(title: string, rest: string): readonly [string, Attack, unknown] {
  return target(title, `/partytracks/sessions/${rest}`, 404);
}
function method(title: string, name: string, raw: string): readonly [string, Attack, unknown] {
  return [title, (lab) => lab.raw(name, raw), 405];
}
function foreign(
  title: string,
  attack: (lab: AttackLab) => Promise<{ status: number }>,
): readonly [string, Attack, unknown] {
  return [title, async (lab) => (await attack(lab)).status, 401];
}
const hers = (operation: string): string => `/partytracks/sessions/${HERS}/${operation}`;
const closing = { tracks: [{ mid: '0' }], force: true };

describe('attacks on the way to the SFU', () => {
  test.each(ATTACKS)('%s', async (_, attack, expected) => {
    const lab = await AttackLab.open();
    expect(await attack(lab)).toEqual(expected);
    expect(lab.reached).toEqual([]);
  });

  test('[C5] naming her session in one’s own presence gives it to no friend either', async () => {
    const lab = await AttackLab.open();
    const eve = new SfuClient(lab.server, { cookie: loginCookie('eve') });
    const session = await eve.open();
    await lab.server.connect({ id: 'eve', name: 'eve', room: 'elsewhere' });
    await announce(lab.mallorySocket, `${HERS}/mic`);
    expect(outcomes(await eve.pull(session, `${HERS}/mic`))).toEqual(UNKNOWN);
    expect(lab.sfu.of('tracks/new')).toHaveLength(1);
  });

  test('[C5] what the attacks above must not get, a guest of the room gets', async () => {
    const lab = await AttackLab.open();
    await lab.server.connect({ id: 'm2', name: 'mallory', room: 'private' });
    expect(outcomes(await lab.mallory.pull(MINE, `${HERS}/mic`))).toEqual(['ok']);
    expect(outcomes(await lab.mallory.pull(MINE, `${MINE}/mine`))).toEqual(['ok']);
    expect(lab.reached.map(({ path: reachedPath }) => reachedPath)).toEqual([
      `/v1/apps/lab-app-id/sessions/${MINE}/tracks/new`,
      `/v1/apps/lab-app-id/sessions/${MINE}/tracks/new`,
    ]);
  });
});
