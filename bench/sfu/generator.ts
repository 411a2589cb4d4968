import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { systemClock } from '../../src/clock.ts';
import { PortHub } from '../../src/sfu/transport/port-hub.ts';
import { quantile } from '../statistics.ts';
import { serve } from '../worker.ts';
import { CallsClient, type SfuAddress } from './calls-client.ts';
import { connectDirectly } from './direct.ts';
import { noFaults, type Faults } from './stream-check.ts';
import { SyntheticPeer } from './synthetic-peer.ts';

export type JoinInput = {
  readonly sfu: SfuAddress;
  readonly peers: number;
  readonly videoBitsPerSecond: number;
};

export type DirectInput = { readonly seconds: number; readonly videoBitsPerSecond: number };

export type LoadResult = {
  readonly seconds: number;
  /** That arrived, of all peers together. */
  readonly packets: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
};

export type EndResult = { readonly faults: Faults; readonly streams: number; readonly packets: number };

/** The load: peers that join one after the other, and all see each other. */
export type GeneratorCalls = {
  /** Gives, for each peer but the first, the time from its join to its first whole picture. */
  readonly join: { readonly input: JoinInput; readonly output: { readonly firstFrameMs: readonly number[] } };
  /** Before the join: one pair of peers with no SFU between them. */
  readonly direct: { readonly input: DirectInput; readonly output: LoadResult };
  readonly measure: { readonly input: { readonly seconds: number }; readonly output: LoadResult };
  /** Stops sending, waits for what is under way, and tells what was wrong since the join. */
  readonly end: { readonly input: null; readonly output: EndResult };
};

/** Finer than the packets of a picture follow each other at 1.5 Mbit/s. */
const PACE_MS = 4;
const REPORT_MS = 1_000;
/** Of the direct pair, until what it runs is compiled. */
const WARM_UP_MS = 500;
const FIRST_FRAME_TIMEOUT_MS = 10_000;
/** On loopback nothing is under way for longer, unless the SFU is far behind. */
const DRAIN_MS = 1_000;

const peers: SyntheticPeer[] = [];
let latencies: number[] | undefined;
const now = (): number => performance.now();

/** Wall time that never goes back, for the reports. */
const wallNow = (): number => performance.timeOrigin + performance.now();

const logger = pino({ level: 'warn' }, pino.destination(2));

/** A port for each peer, as browsers have: the SFU tells them apart by that. */
const openHub = (): Promise<PortHub> =>
  PortHub.open({ port: 0, addresses: ['127.0.0.1'], tcp: false, clock: systemClock, logger });

const onLatency = (ms: number): void => void latencies?.push(ms);

async function direct({ seconds, videoBitsPerSecond }: DirectInput): Promise<LoadResult> {
  const pair = await connectDirectly({ openHub, now, videoBitsPerSecond, onLatency });
  const pacing = setInterval(() => pair.send(now()), PACE_MS);
  try {
    await sleep(WARM_UP_MS);
    return await measure({ seconds });
  } finally {
    clearInterval(pacing);
    pair.close();
  }
}

async function firstFrame(peer: SyntheticPeer, sinceMs: number): Promise<number> {
  const videos = peer.checks.filter(({ kind }) => kind === 'video');
  while (now() - sinceMs < FIRST_FRAME_TIMEOUT_MS) {
    const seen = videos.flatMap(({ firstFrameAtMs }) => firstFrameAtMs ?? []);
    if (seen.length > 0) return Math.min(...seen) - sinceMs;
    await sleep(1);
  }
  throw new Error(`peer ${peer.index} saw no picture in ${FIRST_FRAME_TIMEOUT_MS} ms`);
}

async function join({ sfu, peers: count, videoBitsPerSecond }: JoinInput) {
  const api = new CallsClient(sfu);
  setInterval(() => {
    const nowMs = now();
    for (const peer of peers) peer.send(nowMs);
  }, PACE_MS);
  setInterval(() => {
    for (const peer of peers) peer.report(wallNow());
  }, REPORT_MS);
  const firstFrameMs: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const peer = new SyntheticPeer(index, { api, hub: await openHub(), now, videoBitsPerSecond, onLatency });
    const others = [...peers];
    const sinceMs = now();
    peers.push(peer);
    await peer.join();
    if (others.length === 0) continue;
    await peer.pull(others);
    firstFrameMs.push(await firstFrame(peer, sinceMs));
    await Promise.all(others.map((other) => other.pull([peer])));
  }
  return { firstFrameMs };
}

async function measure({ seconds }: { readonly seconds: number }): Promise<LoadResult> {
  const received: number[] = [];
  latencies = received;
  const startedAt = now();
  await sleep(seconds * 1_000);
  latencies = undefined;
  return {
    seconds: (now() - startedAt) / 1_000,
    packets: received.length,
    p50Ms: quantile(received, 0.5),
    p99Ms: quantile(received, 0.99),
  };
}

async function end(): Promise<EndResult> {
  for (const peer of peers) peer.stopSending();
  await sleep(DRAIN_MS);
  const sent = new Map(
    peers.flatMap(({ audio, video }) =>
      [audio, video].map(({ stream, packets }) => [stream, packets] as const),
    ),
  );
  const faults = noFaults();
  let packets = 0;
  const checks = peers.flatMap((peer) => peer.checks);
  for (const check of checks) {
    check.end(sent.get(check.stream) ?? 0);
    packets += check.packets;
    for (const fault of ['lost', 'doubled', 'reordered', 'wrong'] as const)
      faults[fault] += check.faults[fault];
  }
  for (const peer of peers) peer.close();
  return { faults, streams: checks.length, packets };
}

serve<GeneratorCalls>({ join, direct, measure, end });
