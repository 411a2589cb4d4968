import { expect, it } from 'vitest';
import { pushOffer, remoteOf } from '../../../bench/sfu/descriptions.ts';
import { LossyRelay, type Impairment } from '../../support/lossy-relay.ts';
import { until } from '../../support/until.ts';
import { openHub, startRealSfu } from './real-sfu.ts';

const SILENT = { onRtp: () => undefined, onRtcp: () => undefined, onState: () => undefined };

it.each<[string, Impairment]>([
  ['loses media', { affects: 'media', seed: 1, lossPercent: 50 }],
  ['is far away', { affects: 'all', seed: 1, delayMs: 10, jitterMs: 10 }],
])('A peer finds the SFU over a network that %s', async (_, impairment) => {
  const ask = await startRealSfu();
  const hub = await openHub();
  const transport = hub.open('third-party', SILENT);
  const { sessionId } = await ask('POST', 'sessions/new');
  const { sessionDescription } = await ask('POST', `sessions/${sessionId}/tracks/new`, {
    sessionDescription: { type: 'offer', sdp: pushOffer(transport.local, 1, 2) },
    tracks: [{ location: 'local', mid: '0', trackName: 'microphone' }],
  });
  const answer = sessionDescription?.sdp ?? '';
  const [, port = ''] = /^a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1 (\d+) /m.exec(answer) ?? [];
  const relay = await LossyRelay.start(Number(port), impairment);
  transport.connect(remoteOf(relay.through(answer)));
  await until(() => transport.state === 'connected');
  expect(relay.counts.passed).toBeGreaterThan(0);
});
