import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock, type Clock } from '../../src/clock.ts';
import { EmbeddedSfu, type SfuCredentials } from '../../src/sfu/embedded-sfu.ts';
import { DEFAULT_SFU_SETTINGS } from '../../src/sfu/sfu-settings.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';
import { LOCAL } from './session/fake-hub.ts';

type Lab = {
  readonly sfu: EmbeddedSfu;
  readonly lines: Record<string, unknown>[];
};

function create(clock: Clock, announcedAddress = ''): Lab {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const log = pino({ level: 'debug', base: null }, { write });
  const settings = { ...DEFAULT_SFU_SETTINGS, announcedAddress };
  const sfu = new EmbeddedSfu({
    settings,
    clock,
    log,
    partsUrl: new URL('./fake-parts.ts', import.meta.url),
  });
  onTestFinished(() => sfu.stop());
  return { sfu, lines };
}

const ask = (
  { apiUrl, appId, appSecret }: SfuCredentials,
  method: string,
  path: string,
  secret = appSecret,
): Promise<Response> =>
  fetch(`${apiUrl}/apps/${appId}/${path}`, { method, headers: { authorization: `Bearer ${secret}` } });

const saying = (
  lines: readonly Record<string, unknown>[],
  text: string,
): Record<string, unknown> | undefined => lines.find(({ msg }) => String(msg).includes(text));

test('starts in a thread, can be used with what it gives, and stops', async () => {
  const { sfu, lines } = create(systemClock, '198.51.100.7');
  const access = await sfu.start();
  expect(access).toMatchObject({ appId: 'embedded', candidates: LOCAL.candidates });
  expect(access.appSecret).toMatch(/^[\w-]{43}$/);
  const opened = await ask(access, 'POST', 'sessions/new');
  expect(opened.status).toBe(201);
  expect((await ask(access, 'POST', 'sessions/new', 'guessed')).status).toBe(401);
  expect(saying(lines, 'embedded SFU listening')).toMatchObject({
    level: 30,
    apiUrl: access.apiUrl,
    addresses: ['udp 192.0.2.1:4000', 'tcp 192.0.2.1:4000'],
  });
  expect(saying(lines, 'said in the thread')).toMatchObject({
    level: 40,
    part: 'sfu',
    announced: '198.51.100.7',
  });
  await sfu.stop();
  await expect(ask(access, 'POST', 'sessions/new')).rejects.toThrow('fetch failed');
  expect(saying(lines, 'did not stop')).toBeUndefined();
});

test('goes on when a library forgets a promise, and logs it', async () => {
  const { sfu, lines } = create(new FakeClock());
  const access = await sfu.start();
  const { sessionId } = (await (await ask(access, 'POST', 'sessions/new')).json()) as { sessionId: string };
  await until(() => saying(lines, 'unhandled rejection') !== undefined);
  expect(saying(lines, 'unhandled rejection')).toMatchObject({ level: 50, err: { message: 'forgotten' } });
  expect((await ask(access, 'GET', `sessions/${sessionId}`)).status).toBe(200);
});

test('says how it is about once a second', async () => {
  const { sfu } = create(systemClock);
  const access = await sfu.start();
  await ask(access, 'POST', 'sessions/new');
  await until(() => sfu.stats !== undefined);
  expect(sfu.stats).toEqual({
    sessions: 1,
    tracks: 0,
    egressPacketsPerSecond: 0,
    packetsIn: 0,
    packetsOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    retransmitted: 0,
    keyFrameRequests: 0,
    dropped: 0,
  });
});

test('[M4] its death is noticed, and another one answers at the same address that old sessions are gone', async () => {
  const clock = new FakeClock();
  const { sfu, lines } = create(clock);
  const access = await sfu.start();
  const { sessionId } = (await (await ask(access, 'POST', 'sessions/new')).json()) as { sessionId: string };
  for (const delayMs of [250, 500]) {
    await ask(access, 'POST', 'sessions/new?thirdparty=true').catch(() => {});
    await until(() => clock.timerCount === 1);
    expect(sfu.stats).toBeUndefined();
    clock.advance(delayMs - 1);
    expect(clock.timerCount).toBe(1);
    lines.length = 0;
    clock.advance(1);
    await until(() => saying(lines, 'embedded SFU is back') !== undefined);
    const gone = await ask(access, 'GET', `sessions/${sessionId}`);
    expect([gone.status, await gone.json()]).toMatchObject([410, { errorCode: 'session_error' }]);
    expect((await ask(access, 'POST', 'sessions/new')).status).toBe(201);
  }
});

test('what cannot be started says why, and is not tried for ever', async () => {
  const clock = new FakeClock();
  const { sfu } = create(clock, 'nowhere');
  const failure: unknown = await sfu.start().catch((error: unknown) => error);
  expect(failure).toMatchObject({
    message:
      'The embedded SFU could not be started: no port is free. See SFU_PORT; EMBEDDED_SFU=false does without it.',
    cause: { message: 'no port is free' },
  });
  expect(clock.timerCount).toBe(0);
});

test('is not started again once it is being stopped', async () => {
  const clock = new FakeClock();
  const { sfu } = create(clock);
  const access = await sfu.start();
  await ask(access, 'POST', 'sessions/new?thirdparty=true').catch(() => {});
  await until(() => clock.timerCount === 1);
  await sfu.stop();
  expect(clock.timerCount).toBe(0);
});
