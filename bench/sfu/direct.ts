import { setTimeout as sleep } from 'node:timers/promises';
import type { PortHub } from '../../src/sfu/transport/port-hub.ts';
import type { SessionTransport, TransportListener } from '../../src/sfu/transport/session-transport.ts';
import { OPUS_TYPE, VP8_TYPE } from './descriptions.ts';
import { AudioSource, VideoSource } from './media-source.ts';
import { StreamCheck } from './stream-check.ts';

export type DirectPair = { send(nowMs: number): void; close(): void };

export type DirectParts = {
  readonly openHub: () => Promise<PortHub>;
  readonly now: () => number;
  readonly videoBitsPerSecond: number;
  readonly onLatency: (ms: number) => void;
};

const silent: TransportListener = {
  onRtp: () => undefined,
  onRtcp: () => undefined,
  onState: () => undefined,
};

/** A publisher and a subscriber with nothing between them: what the load itself takes from sender to receiver. */
export async function connectDirectly(parts: DirectParts): Promise<DirectPair> {
  const { openHub, now, videoBitsPerSecond, onLatency } = parts;
  const sources = [new AudioSource(0), new VideoSource(1, videoBitsPerSecond)];
  const checks = new Map(
    sources.map(({ ssrc }, index) => [
      ssrc,
      index === 0 ? new StreamCheck(0, 'audio', OPUS_TYPE) : new StreamCheck(1, 'video', VP8_TYPE),
    ]),
  );
  const hubs = [await openHub(), await openHub()] as const;
  const receiver = hubs[0].open('browser', {
    ...silent,
    onRtp: (packet) => {
      const nowMs = now();
      const sentAtMs = checks.get(packet.readUInt32BE(8))?.receive(packet, nowMs);
      if (sentAtMs !== undefined) onLatency(nowMs - sentAtMs);
    },
  });
  const sender = hubs[1].open('third-party', silent);
  receiver.connect({ ...sender.local, dtlsRole: 'server' });
  sender.connect({ ...receiver.local, dtlsRole: 'client' });
  await connected(sender);
  for (const source of sources) source.start(now());
  return {
    send: (nowMs) => {
      for (const source of sources) {
        for (let packet = source.next(nowMs); packet !== undefined; packet = source.next(nowMs)) {
          const datagram = sender.protectRtp(packet);
          if (datagram !== undefined) sender.send(datagram);
        }
      }
    },
    close: () => {
      for (const transport of [sender, receiver]) transport.close();
      for (const hub of hubs) void hub.close();
    },
  };
}

async function connected(transport: SessionTransport): Promise<void> {
  const end = performance.now() + 10_000;
  while (transport.state !== 'connected') {
    if (performance.now() > end) throw new Error('two peers do not find each other');
    await sleep(5);
  }
}
