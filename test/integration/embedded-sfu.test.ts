import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../src/app.ts';
import { audio, offer } from '../sfu/session/peer-descriptions.ts';
import { loginCookie, startServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

/** As with an empty environment, on ports of its own. */
const ALONE = { EMBEDDED_SFU: 'true', SFU_PORT: '0' };

const headers = { cookie: loginCookie('alice'), 'content-type': 'application/json' };

const ask = async (
  { url }: TestServer,
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; body: Record<string, unknown> }> => {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { ...headers, origin: url },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

describe('a server without an account', () => {
  test('[M1] has media: a session and a push by way of the proxy, and needs no ICE server', async () => {
    const server = await startServer(ALONE);
    await server.connect({ name: 'alice' });
    expect(await ask(server, 'GET', '/partytracks/generate-ice-servers')).toEqual({
      status: 200,
      body: { iceServers: [] },
    });
    const opened = await ask(server, 'POST', '/partytracks/sessions/new');
    expect(opened.status).toBe(201);
    const session = String(opened.body['sessionId']);
    const pushed = await ask(server, 'POST', `/partytracks/sessions/${session}/tracks/new`, {
      sessionDescription: { type: 'offer', sdp: offer(audio('0')) },
      tracks: [{ location: 'local', mid: '0', trackName: 'mic' }],
    });
    expect(pushed).toMatchObject({
      status: 200,
      body: { tracks: [{ trackName: 'mic', mid: '0' }], sessionDescription: { type: 'answer' } },
    });
    expect(JSON.stringify(pushed.body)).toMatch(/a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1 \d+ typ host/);
  });

  test('[M2] [V10] has an AI that says what it is, which comes, and goes again', async () => {
    const server = await startServer(ALONE);
    const config = await ask(server, 'GET', '/api/config?room=room');
    expect(config.body).toMatchObject({ media: true, ai: { available: true, standIn: true } });
    const client = await server.connect({ id: 'alice' });
    client.send({ type: 'enableAi' });
    const stateWith = (name: string | undefined): Promise<void> =>
      until(() =>
        client.frames.some((frame) => {
          const { state } = frame as { state?: { users: { id: string; name: string }[] } };
          return state !== undefined && state.users.find(({ id }) => id === 'ai')?.name === name;
        }),
      );
    await stateWith('Echo (no AI configured)');
    client.frames.length = 0;
    client.send({ type: 'disableAi' });
    await stateWith(undefined);
  });

  test('[M1] [M2] has neither where the operator wants none', async () => {
    const server = await startServer({ ...ALONE, AI_STAND_IN: 'false' });
    const { body } = await ask(server, 'GET', '/api/config?room=room');
    expect(body).toMatchObject({ media: true, ai: { available: false, standIn: false } });
    const without = await startServer({ EMBEDDED_SFU: 'false' });
    const other = await ask(without, 'GET', '/api/config?room=room');
    expect(other.body).toMatchObject({ media: false, ai: { available: false, standIn: false } });
  });

  test('[M5] does not take its echo for the API that a call of an earlier process is open at', async () => {
    const store = new MemoryStore();
    const call = { sessionId: 's', mid: '0', trackName: 'ai-generated-voice', meetingId: 'm', openedAt: 0 };
    await store.noteAiCall({ ...call, callId: 'rtc_real' });
    await store.noteAiCall({ ...call, sessionId: 't', callId: 'rtc_echo_old' });
    await startServer(ALONE, { store });
    await until(async () => (await store.listAiCalls()).length === 1);
    expect(await store.listAiCalls()).toMatchObject([{ callId: 'rtc_real' }]);
  });

  test('[M3] does not start where the ports are taken, and says what to set', async () => {
    const first = await startServer({ ...ALONE, SFU_PORT: '0' });
    const line = first.logLines.find(({ msg }) => msg === 'SFU ports opened');
    const port = String(line?.['port']);
    await expect(startServer({ ...ALONE, SFU_PORT: port })).rejects.toThrow(/SFU_PORT/);
  });
});
