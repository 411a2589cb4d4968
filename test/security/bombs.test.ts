import { describe, expect, test } from 'vitest';
import { AttackLab, MINE } from '../support/attack-lab.ts';
import { ask } from '../support/ask.ts';
import { remote } from '../support/sfu-client.ts';
import { loginCookie } from '../support/server.ts';

const MIB = 1024 * 1024;
const deep = (open: string, close: string, bytes: number): string => {
  const levels = Math.floor(bytes / (open.length + close.length));
  return open.repeat(levels) + close.repeat(levels);
};

const send = (lab: AttackLab, operation: string, body: string) =>
  ask(lab.server, `/partytracks/sessions/${MINE}/${operation}`, {
    method: operation === 'tracks/new' ? 'POST' : 'PUT',
    headers: { cookie: loginCookie('mallory'), 'content-type': 'application/json' },
    body,
  });

const OPERATIONS = ['tracks/new', 'renegotiate', 'tracks/close', 'tracks/update'] as const;

describe('bodies made to hurt', () => {
  test.each([
    ['a million brackets', deep('[', ']', MIB)],
    ['objects within objects', `${'{"a":'.repeat(150_000)}1${'}'.repeat(150_000)}`],
    ['a list of lists of tracks', `{"tracks":${deep('[', ']', MIB - 20)}}`],
    ['a third of a million tracks', `{"tracks":[${'{},'.repeat(340_000)}{}]}`],
    [
      'a track whose name is an abyss',
      `{"tracks":[{"location":"local","trackName":${deep('[', ']', 500_000)}}]}`,
    ],
    ['half an object', '{'],
    ['no object', '"tracks"'],
    ['null', 'null'],
    ['tracks in a prototype', '{"__proto__":{"tracks":[{"location":"local","trackName":"x"}]}}'],
    ['tracks in a constructor', '{"constructor":{"prototype":{"tracks":[]}}}'],
    ['zero bytes', '\0'.repeat(1_000)],
    ['a byte order mark', '\ufeff{"tracks":[]}'],
  ])('[C1] [G16] %s: refused in the one form, and the server goes on', async (_, body) => {
    const lab = await AttackLab.open();
    for (const operation of OPERATIONS) {
      const answer = await send(lab, operation, body);
      expect([answer.status, answer.body]).toEqual([400, expect.stringContaining('"bad_request"')]);
    }
    expect(lab.reached).toEqual([]);
    await lab.vicSocket.settle();
    expect(lab.vicSocket.isOpen).toBe(true);
    expect(lab.server.logLines.filter(({ level }) => Number(level) >= 40)).toEqual([]);
  });

  test('[C4] of a field that stands twice the last is checked, and it alone goes on', async () => {
    const lab = await AttackLab.open();
    const mine = JSON.stringify([remote(`${MINE}/mine`)]);
    const hers = JSON.stringify([remote('session-1/mic')]);
    const denied = await send(lab, 'tracks/new', `{"tracks":${mine},"tracks":${hers}}`);
    expect(denied.body).toContain('not_found_track_error');
    expect(lab.reached).toEqual([]);
    await send(lab, 'tracks/new', `{"tracks":${hers},"tracks":${mine}}`);
    expect(lab.reached.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      { tracks: [remote(`${MINE}/mine`)] },
    ]);
  });

  test('[C4] keys that would change a prototype change nothing and go no further', async () => {
    const lab = await AttackLab.open();
    const track = `{"location":"remote","sessionId":"${MINE}","trackName":"x","__proto__":{"y":1},"constructor":1}`;
    await send(lab, 'tracks/new', `{"tracks":[${track}],"__proto__":{"sessionDescription":1},"z":1}`);
    expect(lab.reached.map(({ body }) => body)).toEqual([JSON.stringify({ tracks: [remote(`${MINE}/x`)] })]);
    expect(({} as Record<string, unknown>)['y']).toBeUndefined();
  });

  test('[G5] frames as deep as they may be hurt nobody', async () => {
    const lab = await AttackLab.open();
    const { mallorySocket } = lab;
    mallorySocket.take();
    mallorySocket.sendRaw(`{"type":"userUpdate","user":${deep('[', ']', 400_000)}}`);
    mallorySocket.sendRaw(`{"type":"directMessage","to":"mallory","message":${deep('[', ']', 60_000)}}`);
    mallorySocket.sendRaw(`{"type":"e2eeMlsMessage","x":${deep('[', ']', 400_000)}}`);
    mallorySocket.sendRaw(`{"type":"heartbeat","__proto__":{"type":"userLeft"}}`);
    await mallorySocket.settle();
    await lab.vicSocket.settle();
    expect(mallorySocket.frames.filter(({ code }) => code === 'internal')).toEqual([]);
    expect([mallorySocket.isOpen, lab.vicSocket.isOpen]).toEqual([true, true]);
    expect(lab.server.logLines.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });
});
