import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { cleanDisplayName } from '../../src/identity/display-name.ts';
import type { Headers } from '../../src/identity/credentials.ts';
import { Identifier, type Identity, type IdentifySettings } from '../../src/identity/identify.ts';
import { originAllowed } from '../../src/identity/origin.ts';
import { safeReturnPath } from '../../src/identity/return-url.ts';
import { signSession, verifySession } from '../../src/identity/session-cookie.ts';
import { loadSessionSecrets } from '../../src/identity/session-secrets.ts';

const headers = (values: Record<string, string>) => (name: string) => values[name] ?? '';

describe('the login cookie', () => {
  // A cookie that the original server signed, as recorded, with the secret from its public source.
  const RECORDED = 'eyJ1c2VybmFtZSI6Ilpvw6sg8J+NiiJ9.V9ioXIiZh++POF04mLLNzKk3CVK3guF0DZ3YaeMsurs';
  const PUBLIC = 'oooOOooOOoOOoOOOOoo';

  test('[G3] is read and written as the original does', () => {
    expect(verifySession(RECORDED, [PUBLIC])).toEqual({ username: 'Zoë 🍊' });
    expect(signSession({ username: 'Zoë 🍊' }, PUBLIC)).toBe(RECORDED);
  });

  test('[G3] is believed when any of the secrets signed it', () => {
    const cookie = signSession({ username: 'a', sid: 's' }, 'old');
    expect(verifySession(cookie, ['new', 'old'])).toEqual({ username: 'a', sid: 's' });
    expect(verifySession(cookie, ['new'])).toBeUndefined();
    expect(verifySession(cookie, [])).toBeUndefined();
  });

  const genuine = signSession({ username: 'a' }, 'secret');
  const signed = (json: string): string => {
    const made = signSession(JSON.parse(json) as { username: string }, 'secret');
    return made;
  };
  test.each([
    '',
    '.',
    'x',
    genuine.split('.')[0] ?? '',
    `${genuine}x`,
    `x${genuine}`,
    genuine.slice(0, -1),
    `${Buffer.from('{"username":"b"}').toString('base64')}.${genuine.split('.')[1]}`,
    signed('{"username":5}'),
    signed('[]'),
    signed('null'),
    signed('{"username":"a","sid":""}'),
  ])('[G3] %j is not believed', (value) => {
    expect(verifySession(value, ['secret'])).toBeUndefined();
  });
});

describe('who makes a request', () => {
  const settings: IdentifySettings = {
    secrets: ['secret'],
    trustAccessEmailHeader: false,
    requireJoinToken: false,
    joinTokens: undefined,
    accessJwt: undefined,
  };
  const identify = (
    header: Headers,
    changed: Partial<IdentifySettings> = {},
  ): Promise<Identity | undefined> =>
    new Identifier({ ...settings, ...changed }).identify({ header, token: '' });
  const cookie = (session: { username: string; sid?: string }): string =>
    `other=1; __session=${encodeURIComponent(signSession(session, 'secret'))}`;

  test('[G3] is read from the cookie', async () => {
    expect(await identify(headers({ cookie: cookie({ username: 'alice', sid: 's1' }) }))).toEqual({
      name: 'alice',
      owner: 'sid:s1',
      role: 'member',
    });
    const nameless = await identify(headers({ cookie: cookie({ username: 'alice' }) }));
    expect(nameless?.owner).toBe('name:alice');
  });

  test.each([{}, { cookie: '' }, { cookie: '__session=forged' }, { cookie: cookie({ username: ' ' }) }])(
    '[G3] is nobody: %j',
    async (values) => {
      expect(await identify(headers(values))).toBeUndefined();
    },
  );

  test('[G3] an e-mail header is believed only where the operator says so, and then beats the cookie', async () => {
    const request = headers({
      'cf-access-authenticated-user-email': 'eve@example.com',
      cookie: cookie({ username: 'alice', sid: 's1' }),
    });
    expect((await identify(request))?.name).toBe('alice');
    expect(await identify(request, { trustAccessEmailHeader: true })).toEqual({
      name: 'eve@example.com',
      owner: 'access:eve@example.com',
      role: 'member',
    });
  });

  test.each([
    ['alice', 'alice'],
    ['  Zoë 🍊 ', 'Zoë 🍊'],
    ['a\u202eb\u0000c\nd', 'abcd'],
    ['👨‍👩‍👧', '👨‍👩‍👧'],
    ['<b>', '<b>'],
    ['x'.repeat(100), 'x'.repeat(100)],
    ['x'.repeat(101), undefined],
    ['', undefined],
    [' \u200e ', undefined],
  ])('[G11] the name %j is shown as %j', (raw, name) => {
    expect(cleanDisplayName(raw)).toBe(name);
  });
});

test.each([
  ['', 'meet.example', [], true],
  ['https://meet.example', 'meet.example', [], true],
  ['http://meet.example:8787', 'meet.example:8787', [], true],
  ['HTTPS://MEET.EXAMPLE', 'Meet.Example', [], true],
  ['https://other.example', 'meet.example', ['https://other.example'], true],
  ['https://evil.example', 'meet.example', [], false],
  ['https://meet.example.evil.example', 'meet.example', [], false],
  ['https://evilmeet.example', 'meet.example', [], false],
  ['https://meet.example:444', 'meet.example', [], false],
  ['https://user@evil.example', 'meet.example', [], false],
  ['http://other.example', 'meet.example', ['https://other.example'], false],
  ['null', 'meet.example', [], false],
  ['null', 'null', [], false],
  ['garbage', 'garbage', [], false],
  ['https://meet.example', '', [], false],
] as const)('[G4] from origin %j to host %j with %j: %s', (origin, host, allowed, expected) => {
  expect(originAllowed(origin, host, allowed)).toBe(expected);
});

test.each([
  [null, '/'],
  ['', '/'],
  ['/daily', '/daily'],
  ['/a?b=c#d', '/a?b=c#d'],
  ['http://meet.example/my-room', '/my-room'],
  ['https://meet.example/x', '/x'],
  ['https://evil.example/', '/'],
  ['//evil.example/', '/'],
  ['/\\evil.example', '/'],
  ['\\\\evil.example', '/'],
  ['http://meet.example//evil.example', '/'],
  ['/.//evil.example', '/'],
  ['javascript:alert(1)', '/'],
  ['data:text/html,x', '/'],
  ['%zz', '/%zz'],
  ['\t//evil.example', '/'],
  ['/x\r\nset-cookie: a=b', '/xset-cookie:%20a=b'],
])('[G11] the return-url %j leads to %j', (value, path) => {
  expect(safeReturnPath(value, 'meet.example')).toBe(path);
});

describe('the secrets of logins', () => {
  const folder = (): string => {
    const path = mkdtempSync(join(tmpdir(), 'satsuma-secrets-'));
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    return path;
  };

  test('[G3] are the configured ones, and then no file is written', () => {
    const path = folder();
    expect(loadSessionSecrets(['a', 'b'], join(path, 'data'))).toEqual(['a', 'b']);
    expect(() => statSync(join(path, 'data'))).toThrow('ENOENT');
  });

  test('[G3] are made once, kept, and readable by the owner alone', () => {
    const path = join(folder(), 'deep', 'data');
    const first = loadSessionSecrets([], path);
    expect(first).toHaveLength(1);
    expect(first[0]?.length).toBeGreaterThanOrEqual(32);
    expect(loadSessionSecrets([], path)).toEqual(first);
    expect(statSync(join(path, 'session-secret')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(path, 'session-secret'), 'utf8')).toBe(first[0]);
  });

  test('[G3] are refused when the file holds none', () => {
    const path = folder();
    writeFileSync(join(path, 'session-secret'), 'short');
    expect(() => loadSessionSecrets([], path)).toThrow('holds no secret');
  });
});
