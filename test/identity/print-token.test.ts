import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { JoinTokens } from '../../src/identity/join-token.ts';
import { parseDuration, printToken } from '../../src/identity/print-token.ts';
import { TOKEN_SECRET } from '../support/invitations.ts';

const NEEDED = ['--room', 'daily', '--name', 'Guest'] as const;

/** What a printed token says; the times apart, as how long it is valid. */
async function printed(...args: readonly string[]): Promise<JWTPayload & { lifetime: number }> {
  const { iat = 0, exp = 0, ...claims } = decodeJwt(await printToken([...NEEDED, ...args], TOKEN_SECRET));
  return { ...claims, lifetime: exp - iat };
}

const usual = {
  name: 'Guest',
  room: 'daily',
  roomJoin: true,
  roomAdmin: false,
  canPublish: true,
  hidden: false,
};

describe('a printed token', () => {
  test('[I1] is one that the server believes', async () => {
    const token = await printToken([...NEEDED, '--sub', 'guest-1', '--ttl', '30m'], TOKEN_SECRET);
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', typ: 'JWT' });
    const grant = new JoinTokens(TOKEN_SECRET, systemClock).verify(token);
    expect(grant).toEqual({
      subject: 'guest-1',
      name: 'Guest',
      room: 'daily',
      role: 'member',
      secondsLeft: expect.toSatisfy((seconds: number) => seconds > 1_790 && seconds <= 1_800),
    });
  });

  test('[I2] is for a member for an hour, another person each time, unless told otherwise', async () => {
    const first = await printed();
    expect(first).toEqual({ ...usual, sub: expect.stringMatching(/^[\w-]{21}$/), lifetime: 3_600 });
    expect((await printed()).sub).not.toBe(first.sub);
  });

  test.each([
    [['--admin'], { roomAdmin: true }],
    [['--no-publish'], { canPublish: false }],
    [['--hidden'], { hidden: true }],
    [['--room', '*'], { room: '*' }],
    [['--room', 'my room ü'], { room: 'my room ü' }],
    [['--name', ' Zoë\u202e 🍊 '], { name: 'Zoë 🍊' }],
    [['--ttl', '7d'], { lifetime: 604_800 }],
  ])('[I2] %j says so', async (args, said) => {
    expect(await printed('--sub', 's', ...args)).toEqual({ ...usual, sub: 's', lifetime: 3_600, ...said });
  });

  test.each([
    [[], '--room is needed'],
    [['--room', 'daily'], '--name is needed'],
    [['--room', '', '--name', 'x'], '--room is needed'],
    [['--room', 'a/b', '--name', 'x'], '--room is no name of a room'],
    [['--room', 'r'.repeat(129), '--name', 'x'], '--room is no name of a room'],
    [['--room', 'r', '--name', '\u202e'], '--name is empty or too long'],
    [['--room', 'r', '--name', 'n'.repeat(101)], '--name is empty or too long'],
    [[...NEEDED, '--ttl', 'soon'], '--ttl is no time'],
    [[...NEEDED, '--ttl', '0s'], '--ttl is no time'],
    [[...NEEDED, '--sub', ''], '--sub is needed'],
    [[...NEEDED, '--sub', 's'.repeat(129)], '--sub is'],
    [[...NEEDED, '--root'], "Unknown option '--root'"],
    [[...NEEDED, 'extra'], "Unexpected argument 'extra'"],
  ])('[I2] %j is refused in words: %s', async (args, words) => {
    await expect(printToken(args, TOKEN_SECRET)).rejects.toThrow(words);
  });

  test('[I1] needs a secret', async () => {
    await expect(printToken(NEEDED, '')).rejects.toThrow('JOIN_TOKEN_SECRET is not set');
  });
});

test.each([
  ['90s', 90],
  ['30m', 1_800],
  ['12h', 43_200],
  ['7d', 604_800],
  ['0m', undefined],
  ['-1m', undefined],
  ['1.5h', undefined],
  ['1 h', undefined],
  ['1w', undefined],
  ['1234567s', undefined],
  ['', undefined],
] as const)('[I2] the time %j is %s seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});

type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Runs the command as `npm run token` does. */
function run(args: readonly string[], environment: Record<string, string> = {}): Promise<Ran> {
  const script = join(import.meta.dirname, '../../src/identity/print-token.ts');
  const env = { JOIN_TOKEN_SECRET: TOKEN_SECRET, ...environment };
  return new Promise((resolve) => {
    const whole = ['--disable-warning=ExperimentalWarning', script, ...args];
    const child = execFile(process.execPath, whole, { env }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

describe('npm run token', () => {
  test('[I1] prints the token and nothing else', async () => {
    const { code, stdout, stderr } = await run([...NEEDED, '--admin']);
    expect([code, stderr]).toEqual([0, '']);
    const grant = new JoinTokens(TOKEN_SECRET, systemClock).verify(stdout.trimEnd());
    expect(grant).toMatchObject({ name: 'Guest', room: 'daily', role: 'admin' });
  });

  test('[I1] explains itself', async () => {
    const { code, stdout, stderr } = await run(['--help']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('usage: npm run token -- --room <name> --name <name> [options]');
  });

  test.each([
    ['a room too few', ['--name', 'x'], {}, 'token: --room is needed\n\nusage: '],
    ['an option too many', [...NEEDED, '--root'], {}, "token: Unknown option '--root'"],
    ['no secret', NEEDED, { JOIN_TOKEN_SECRET: '' }, 'token: JOIN_TOKEN_SECRET is not set'],
    ['a weak secret', NEEDED, { JOIN_TOKEN_SECRET: 'weak' }, 'token: The configuration is not valid:\n'],
  ] as const)('[I1] says what is wrong with %s, without a stack', async (_, args, environment, words) => {
    const { code, stdout, stderr } = await run(args, environment);
    expect([code, stdout, stderr.slice(0, words.length)]).toEqual([2, '', words]);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });
});
