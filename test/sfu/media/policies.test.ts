import { describe, expect, test } from 'vitest';
import { KeyFrameRequests } from '../../../src/sfu/media/key-frame-requests.ts';
import { NackGenerator } from '../../../src/sfu/media/nack-generator.ts';
import { RateMeter } from '../../../src/sfu/media/rate-meter.ts';
import { ReceptionStatistics } from '../../../src/sfu/media/reception-statistics.ts';
import { FLOOR_BPS, SubscriberLimit } from '../../../src/sfu/media/remb-policy.ts';
import { RING_SIZE } from '../../../src/sfu/media/retransmission-ring.ts';
import { Retransmitter } from '../../../src/sfu/media/retransmitter.ts';

const range = (from: number, end: number): number[] => Array.from({ length: end - from }, (_, i) => from + i);

describe('what is missing of a publisher', () => {
  test('is asked for once it cannot be reordering any more, then a few times, then no more', () => {
    const nack = new NackGenerator();
    nack.miss(0x1_ffff, 0x2_0001, 1_000);
    const asked: number[] = [];
    let givenUpAt = 0;
    for (let now = 1_000; now < 3_000; now += 1) {
      const { due, hasGivenUp } = nack.take(now, -1);
      if (due.join() === '65535,0') asked.push(now - 1_000);
      if (hasGivenUp) givenUpAt = now - 1_000;
    }
    expect(asked).toEqual([10, 90, 170, 250, 330, 410, 490, 570]);
    expect(givenUpAt).toBe(650);
    expect(nack).toMatchObject({ missing: 0, nextDueAtMs: Infinity });
  });

  test('is not asked for when it has come', () => {
    const nack = new NackGenerator();
    nack.miss(5, 8, 0);
    nack.found(6);
    nack.found(99);
    expect(nack.take(10, -1).due).toEqual([5, 7]);
    nack.found(5);
    nack.found(7);
    expect(nack.nextDueAtMs).toBe(Infinity);
  });

  test('from before a key frame is given up without another key frame', () => {
    const nack = new NackGenerator();
    nack.miss(5, 6, 0);
    const outcomes = range(0, 10).map((i) => nack.take(10 + 80 * i, 6).hasGivenUp);
    expect(outcomes).not.toContain(true);
    expect(nack.missing).toBe(0);
  });

  test('is an outage when it is too much, and nothing is asked for then', () => {
    const nack = new NackGenerator();
    expect(nack.miss(0, 256, 0)).toBe(true);
    expect(nack.miss(300, 301, 0)).toBe(false);
    expect(nack.take(1_000, -1)).toEqual({ due: [], hasGivenUp: false });
  });
});

describe('requests for key frames', () => {
  const sentAt = (requests: KeyFrameRequests, from: number, end: number): number[] =>
    range(from, end).filter((now) => requests.take(now));

  test('go out at once, and again with growing pauses until a key frame comes', () => {
    const requests = new KeyFrameRequests();
    requests.want();
    expect(sentAt(requests, 0, 20_000)).toEqual([0, 300, 900, 2_100, 4_500, 9_300, 14_100, 18_900]);
    requests.arrived();
    expect(sentAt(requests, 20_000, 30_000)).toEqual([]);
  });

  test('within 300 ms are one', () => {
    const requests = new KeyFrameRequests();
    const sent = range(0, 1_000).filter((now) => {
      requests.want();
      return requests.take(now);
    });
    expect(sent).toEqual([0, 300, 600, 900]);
  });

  test('are answered by the key frame that somebody else asked for', () => {
    const requests = new KeyFrameRequests();
    requests.want();
    requests.take(0);
    requests.want();
    requests.arrived();
    expect(sentAt(requests, 1, 5_000)).toEqual([]);
  });
});

describe('what is sent again', () => {
  const filled = (): {
    retransmitter: Retransmitter;
    sent: string[];
    ask: (now: number, ...numbers: number[]) => number;
  } => {
    const retransmitter = new Retransmitter();
    const sent: string[] = [];
    for (const i of range(0xff00, 0xff00 + RING_SIZE))
      retransmitter.keep(i & 0xffff, Buffer.from(String(i & 0xffff)));
    const ask = (now: number, ...numbers: number[]): number =>
      retransmitter.answer(numbers, now, (datagram) => void sent.push(datagram.toString()));
    return { retransmitter, sent, ask };
  };

  test('is what is still there', () => {
    const { sent, ask } = filled();
    expect(ask(0, 0xff00, 0xfeff, 0, 255, 256, 4_000)).toBe(3);
    expect(sent).toEqual([String(0xff00), '0', '255']);
  });

  test('is not lost to one that comes very late', () => {
    const { retransmitter, sent, ask } = filled();
    retransmitter.keep(0xff05 - RING_SIZE, Buffer.from('old'));
    ask(0, 0xff05);
    expect(sent).toEqual([String(0xff05)]);
  });

  test('is not sent twice within a round trip', () => {
    const { retransmitter, ask } = filled();
    expect([ask(0, 7), ask(50, 7), ask(99, 7), ask(100, 7)]).toEqual([1, 0, 0, 1]);
    retransmitter.measured(30);
    expect([ask(129, 7), ask(130, 7)]).toEqual([0, 1]);
    retransmitter.measured(0);
    expect([ask(135, 7), ask(140, 7)]).toEqual([0, 1]);
  });

  test('is bounded by a budget, whatever is asked for', () => {
    const { ask } = filled();
    const everything = range(0xff00, 0xff00 + RING_SIZE).map((i) => i & 0xffff);
    let sent = 0;
    for (let now = 0; now < 10_000; now += 10) sent += ask(now, ...everything);
    expect(sent).toBeGreaterThan(3_900);
    expect(sent).toBeLessThanOrEqual(200 + 400 * 10);
  });

  test('is nothing after the end', () => {
    const { retransmitter, ask } = filled();
    retransmitter.clear();
    expect(ask(0, 7)).toBe(0);
  });
});

describe('what a subscriber takes', () => {
  test('is no limit as long as its estimate is near what it gets', () => {
    const limit = new SubscriberLimit();
    for (let now = 0; now < 10_000; now += 500) limit.estimate(800_000, 1_000_000, now);
    expect(limit.bps).toBeUndefined();
  });

  test('is no limit for a burst, and one for what lasts', () => {
    const limit = new SubscriberLimit();
    for (const now of [0, 500, 1_000, 1_500]) limit.estimate(500_000, 1_000_000, now);
    expect(limit.bps).toBeUndefined();
    limit.estimate(600_000, 1_000_000, 1_501);
    expect(limit.bps).toBe(600_000);
  });

  test('is asked for anew after one good estimate', () => {
    const limit = new SubscriberLimit();
    limit.estimate(500_000, 1_000_000, 0);
    limit.estimate(900_000, 1_000_000, 1_000);
    limit.estimate(500_000, 1_000_000, 1_100);
    limit.estimate(500_000, 1_000_000, 2_600);
    expect(limit.bps).toBeUndefined();
  });

  test('recovers by a quarter every half second, up to the ceiling', () => {
    const limit = new SubscriberLimit();
    limit.estimate(400_000, 1_000_000, 0);
    limit.estimate(400_000, 1_000_000, 1_600);
    limit.estimate(400_000, 400_000, 1_700);
    const seen: unknown[] = [];
    for (let now = 1_700; now <= 4_000; now += 100) {
      limit.tick(now, 800_000);
      if (seen.at(-1) !== limit.bps) seen.push(limit.bps);
    }
    expect(seen).toEqual([400_000, 500_000, 625_000, 781_250, undefined]);
  });

  test('holds while the congestion lasts, and is forgotten when nothing more is said', () => {
    const limit = new SubscriberLimit();
    for (let now = 0; now <= 6_000; now += 1_000) {
      limit.estimate(400_000, 1_000_000, now);
      limit.tick(now, 1_000_000);
    }
    expect(limit.bps).toBe(400_000);
    for (let now = 6_000; now <= 20_000; now += 100) limit.tick(now, 1_000_000);
    expect(limit.bps).toBeUndefined();
  });

  test('is never below what a picture needs, and not believed of next to nothing', () => {
    const limit = new SubscriberLimit();
    limit.estimate(10_000, 1_000_000, 0);
    limit.estimate(10_000, 1_000_000, 1_600);
    expect(limit.bps).toBe(FLOOR_BPS);
    const quiet = new SubscriberLimit();
    quiet.estimate(10_000, 50_000, 0);
    quiet.estimate(10_000, 50_000, 1_600);
    expect(quiet.bps).toBeUndefined();
  });
});

describe('a rate', () => {
  test('is taken over half a second and smoothed', () => {
    const meter = new RateMeter();
    meter.sample(0);
    meter.add(100);
    expect(meter.sample(499)).toBe(0);
    expect(meter.sample(500)).toBe(200);
    expect(meter.sample(1_000)).toBe(100);
    expect(meter.perSecond).toBe(100);
  });

  test('outlives a clock that was set back', () => {
    const meter = new RateMeter();
    meter.sample(10_000);
    meter.add(100);
    meter.sample(10_500);
    expect(meter.sample(0)).toBe(200);
    meter.add(100);
    expect(meter.sample(500)).toBe(200);
  });
});

describe('a report block', () => {
  test('says what was lost since the last, in all, and how unsteady it is', () => {
    const statistics = new ReceptionStatistics();
    for (const i of range(0, 100))
      if (i % 4 !== 1) statistics.received(0x1_fff0 + i, 3_000 * i, 3_000 * i + 50);
    expect(statistics.report(9, 0x1_fff0 + 99, 7, 8)).toEqual({
      ssrc: 9,
      fractionLost: 64,
      cumulativeLost: 25,
      highestSequence: 0x1_fff0 + 99,
      jitter: 0,
      lastSr: 7,
      delaySinceLastSr: 8,
    });
    for (const i of range(100, 200)) statistics.received(0x1_fff0 + i, 3_000 * i, 3_000 * i + (i % 2) * 160);
    const next = statistics.report(9, 0x1_fff0 + 199, 7, 8);
    expect(next).toMatchObject({ fractionLost: 0, cumulativeLost: 25 });
    expect(next.jitter).toBeGreaterThan(150);
    expect(next.jitter).toBeLessThanOrEqual(160);
  });

  test('of more packets than were expected has lost none', () => {
    const statistics = new ReceptionStatistics();
    for (const index of [10, 11, 9, 8]) statistics.received(index, 0, 0);
    expect(statistics.report(9, 11, 0, 0)).toMatchObject({ fractionLost: 0, cumulativeLost: -2 });
  });
});
