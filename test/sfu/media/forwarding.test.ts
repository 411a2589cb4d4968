import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toAbsSendTime } from '../../../src/sfu/media/egress-extensions.ts';
import { EXTENSION } from '../../../src/sfu/media/header-extensions.ts';
import type { StreamFormat } from '../../../src/sfu/media/session-media.ts';
import { Camera, deltas, MediaLab, publishVideo, subscribe } from './media-lab.ts';
import { AUDIO, rtp, VIDEO } from './rtp-builder.ts';

describe('a packet on its way', () => {
  test('is the same to each subscriber, in the words of its own session', () => {
    const lab = new MediaLab();
    const [publisher, first, second] = [lab.peer(), lab.peer(), lab.peer()];
    const microphone = publisher.media.publish({ mid: '0', format: AUDIO, ssrcs: [55], rids: [] });
    const firefox: StreamFormat = {
      ...AUDIO,
      payloadType: 109,
      extensions: new Map([
        [EXTENSION.mid, 9],
        [EXTENSION.audioLevel, 2],
        [EXTENSION.absSendTime, 3],
      ]),
    };
    const subscriptions = [
      subscribe(first, microphone, '3', firefox),
      subscribe(second, microphone, 'x', { ...AUDIO, extensions: new Map() }),
    ];
    const extensions = new Map([
      [1, Buffer.from('0')],
      [6, Buffer.of(0x99)],
      [4, Buffer.of(1, 2, 3)],
      [13, Buffer.from('other')],
    ]);
    publisher.sends(
      rtp({
        payloadType: 111,
        ssrc: 55,
        marker: true,
        extensions,
        csrcs: [1],
        payload: Buffer.from('sound'),
        padding: 4,
      }),
    );
    const now = Buffer.alloc(3);
    now.writeUIntBE(toAbsSendTime(lab.clock.now()), 0, 3);
    expect([...first.got(), ...second.got()]).toEqual([
      {
        payloadType: 109,
        marker: true,
        ssrc: subscriptions[0]?.ssrc,
        sequenceNumber: expect.any(Number),
        timestamp: expect.any(Number),
        extensions: { 9: '33', 2: '99', 3: now.toString('hex') },
        payload: Buffer.from('sound'),
      },
      {
        payloadType: 111,
        marker: true,
        ssrc: subscriptions[1]?.ssrc,
        sequenceNumber: expect.any(Number),
        timestamp: expect.any(Number),
        extensions: {},
        payload: Buffer.from('sound'),
      },
    ]);
    expect(lab.engine.totals).toMatchObject({ packetsIn: 1, packetsOut: 2, dropped: 0 });
  });

  test('keeps its payload byte by byte, whatever its header', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 1_100 });
    fc.assert(
      fc.property(bytes, fc.nat(15), fc.boolean(), fc.nat(255), (payload, csrcs, isTwoByte, padding) => {
        const lab = new MediaLab();
        const [publisher, subscriber] = [lab.peer(), lab.peer()];
        subscribe(
          subscriber,
          publisher.media.publish({ mid: '0', format: AUDIO, ssrcs: [55], rids: [] }),
          '1',
          AUDIO,
        );
        const extensions = new Map([[6, Buffer.of(1)]]);
        const more = { csrcs: Array.from({ length: csrcs }, (_, i) => i), extensions, isTwoByte, padding };
        publisher.sends(rtp({ payloadType: 111, ssrc: 55, payload: Buffer.from(payload), ...more }));
        expect(subscriber.got().map((packet) => packet.payload)).toEqual([Buffer.from(payload)]);
      }),
    );
  });

  test('of nothing but padding is a probe, and leaves no gap', () => {
    const lab = new MediaLab();
    const [publisher, subscriber] = [lab.peer(), lab.peer()];
    subscribe(subscriber, publishVideo(publisher, 55));
    const camera = new Camera(55);
    publisher.sends(camera.next(true));
    for (let i = 0; i < 3; i += 1) {
      publisher.sends(
        rtp({ ssrc: 55, sequenceNumber: camera.sequenceNumber, timestamp: camera.timestamp, padding: 200 }),
      );
      camera.sequenceNumber += 1;
    }
    publisher.sends(camera.next());
    const got = subscriber.got();
    expect(deltas(got.map(({ sequenceNumber }) => sequenceNumber))).toEqual([1]);
    expect(lab.engine.totals.dropped).toBe(0);
  });

  test('of nothing but padding that comes late fills its place with an empty packet', () => {
    const lab = new MediaLab();
    const [publisher, subscriber] = [lab.peer(), lab.peer()];
    subscribe(subscriber, publishVideo(publisher, 55));
    const camera = new Camera(55);
    publisher.sends(camera.next(true));
    const probe = rtp({
      ssrc: 55,
      sequenceNumber: camera.sequenceNumber,
      timestamp: camera.timestamp,
      padding: 200,
    });
    camera.sequenceNumber += 1;
    publisher.sends(camera.next());
    publisher.sends(probe);
    const got = subscriber.got();
    expect(deltas(got.map(({ sequenceNumber }) => sequenceNumber))).toEqual([2, -1]);
    expect(got.at(-1)?.payload).toHaveLength(0);
  });

  test('that is garbage, unknown, of another payload type or a second time is counted and dropped', () => {
    const lab = new MediaLab();
    const [publisher, subscriber] = [lab.peer(), lab.peer()];
    subscribe(subscriber, publishVideo(publisher, 55));
    publisher.media.publish({ mid: '1', format: VIDEO, ssrcs: [66], rids: [] });
    const camera = new Camera(55);
    const first = camera.next(true);
    publisher.sends(first);
    subscriber.got();
    const junk = [
      Buffer.from('GET / HTTP/1.1'),
      Buffer.alloc(0),
      first.subarray(0, 9),
      first,
      rtp({ ssrc: 55, payloadType: 97, sequenceNumber: 900, payload: Buffer.of(1) }),
      rtp({ ssrc: 99, payload: Buffer.of(1) }),
      rtp({ ssrc: 99, payload: Buffer.of(1), extensions: new Map([[1, Buffer.from('nowhere')]]) }),
      rtp({ ssrc: 55, sequenceNumber: 30_000, payload: Buffer.of(1) }),
    ];
    for (const packet of junk) publisher.sends(packet);
    publisher.media.receiveRtcp(Buffer.from('rubbish!'), lab.clock.now());
    expect(subscriber.got()).toEqual([]);
    expect(lab.engine.totals).toMatchObject({ packetsIn: 9, dropped: 9 });
    publisher.sends(camera.next());
    expect(subscriber.got()).toHaveLength(1);
  });

  test('any bytes whatever harm nobody', () => {
    const lab = new MediaLab();
    const [publisher, subscriber] = [lab.peer(), lab.peer()];
    const camera = publisher.media.publish({ mid: '0', format: VIDEO, ssrcs: [], rids: ['a', 'b'] });
    subscribe(subscriber, camera);
    const head = fc.constantFrom([0x80, 96], [0x90, 96], [0xb0, 96], []);
    fc.assert(
      fc.property(head, fc.uint8Array({ maxLength: 90 }), (start, bytes) => {
        const packet = Buffer.from([...start, ...bytes]);
        publisher.sends(packet);
        publisher.media.receiveRtcp(packet, lab.clock.now());
      }),
      { numRuns: 2_000 },
    );
    expect(lab.engine.totals.packetsIn).toBe(2_000);
  });

  test('without keys goes nowhere, and what comes with keys goes on', () => {
    const lab = new MediaLab();
    const [publisher, subscriber] = [lab.peer(), lab.peer()];
    subscribe(subscriber, publishVideo(publisher, 55));
    const camera = new Camera(55);
    subscriber.transport.hasKeys = false;
    publisher.sends(camera.next(true));
    lab.clock.advance(400);
    publisher.heard();
    subscriber.transport.hasKeys = true;
    subscriber.media.connected();
    expect(publisher.heard('pli')).toMatchObject([{ mediaSsrc: 55 }]);
    publisher.sends(camera.next(true));
    expect(subscriber.got()).toHaveLength(1);
    expect(lab.engine.totals.packetsOut).toBe(1);
  });
});

describe('a session that closes', () => {
  test('says goodbye to its peer, and its tracks are gone for all others', () => {
    const lab = new MediaLab();
    const [publisher, subscriber] = [lab.peer(), lab.peer()];
    const source = publishVideo(publisher, 55);
    subscribe(subscriber, source);
    const back = publisher.media.subscribe('1', AUDIO);
    publisher.media.close();
    publisher.media.close();
    expect(source.isClosed).toBe(true);
    expect(publisher.heard('bye')).toEqual([{ type: 'bye', ssrcs: [back.ssrc] }]);
    publisher.sends(new Camera(55).next(true));
    expect(subscriber.got()).toEqual([]);
  });
});

test('a session that is closed takes nothing more, and keeps nothing', () => {
  const lab = new MediaLab();
  const [publisher, closed] = [lab.peer(), lab.peer()];
  closed.media.close();
  const subscription = subscribe(closed, publishVideo(publisher, 55));
  publisher.sends(new Camera(55).next(true));
  expect([publishVideo(closed, 66).isClosed, closed.got()]).toEqual([true, []]);
  subscription.close();
  lab.run(2_000);
  expect(closed.heard('bye', 'sr', 'rr', 'remb')).toEqual([]);
});

describe('two publishers and three subscribers', () => {
  test('each gets what it asked for, in order, and nothing is encrypted twice', () => {
    const lab = new MediaLab();
    const publishers = [lab.peer(), lab.peer()];
    const subscribers = [lab.peer(), lab.peer(), lab.peer()];
    const sources = publishers.map((peer, i) => publishVideo(peer, 50 + i));
    for (const subscriber of subscribers)
      sources.forEach((source, i) => subscribe(subscriber, source, String(i)));
    const cameras = publishers.map((_, i) => new Camera(50 + i, {}, 65_500 * i));
    lab.run(3_000, () =>
      publishers.forEach((peer, i) => {
        const camera = cameras[i];
        if (camera !== undefined) peer.sends(camera.next(camera.sequenceNumber % 20 === 0));
      }),
    );
    for (const subscriber of subscribers) {
      const got = subscriber.got();
      const streams = [...new Set(got.map(({ ssrc }) => ssrc))].map((one) =>
        got.filter(({ ssrc }) => ssrc === one),
      );
      expect(streams.map((packets) => packets.length)).toEqual([60, 60]);
      for (const packets of streams) {
        const steps = deltas(packets.map(({ sequenceNumber }) => sequenceNumber)).map(
          (step) => step & 0xffff,
        );
        expect(new Set(steps)).toEqual(new Set([1]));
      }
    }
    expect(lab.engine.totals).toMatchObject({ packetsIn: 120, packetsOut: 360, dropped: 0 });
    expect(lab.engine.egressPacketsPerSecond).toBeCloseTo(120, -1);
  });
});
