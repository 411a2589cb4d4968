import { expect, test } from 'vitest';
import { answer, sdp } from '../support/scripted-sfu.ts';
import { until } from '../support/until.ts';
import { Held } from './faults.ts';
import { call, SESSION, startWithSession } from './proxy-client.ts';

const tracks = ['mic', 'cam'].map((trackName, index) => ({
  sessionId: SESSION,
  trackName,
  mid: String(101 + index),
}));
const body = {
  requiresImmediateRenegotiation: true,
  tracks,
  sessionDescription: { type: 'offer', sdp: sdp('101', '102') },
};

test('[G13] [C9] a pull that is at the SFU when the server drains is answered before the end', async () => {
  const { server, sfu } = await startWithSession();
  const held = new Held(answer(200, body));
  sfu.next('tracks/new', held.handler);
  const pulled = call(server, 'pull', SESSION);
  await sfu.asked('tracks/new', 1);
  const drained = server.app.drain();
  held.release();
  expect(await pulled).toMatchObject({ status: 200, body });
  await drained;
});

test('[G13] a request that does not end keeps a drain for 3 s', async () => {
  const { server, sfu } = await startWithSession();
  sfu.next('tracks/new', new Held(answer(200, body)).handler);
  const pulled = call(server, 'pull', SESSION).catch(() => 'cut off');
  await sfu.asked('tracks/new', 1);
  const idle = server.clock.timerCount;
  let isOver = false;
  const drained = server.app.drain().then(() => (isOver = true));
  // The sweep's timer is gone, the deadline's is there.
  await until(() => server.clock.timerCount === idle);
  server.clock.advance(2_999);
  expect(isOver).toBe(false);
  server.clock.advance(1);
  expect(await pulled).toBe('cut off');
  await drained;
});
