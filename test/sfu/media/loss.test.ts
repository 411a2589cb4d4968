import { describe, expect, test } from 'vitest';
import type { Publication, Subscription } from '../../../src/sfu/media/session-media.ts';
import { Camera, MediaLab, type Peer } from './media-lab.ts';
import { AUDIO, readRtp, rtp, VIDEO } from './rtp-builder.ts';

type Line = {
  readonly lab: MediaLab;
  readonly publisher: Peer;
  readonly subscriber: Peer;
  readonly source: Publication;
  readonly subscription: Subscription;
  readonly camera: Camera;
};

/** One camera and one who looks on, with the first picture sent. */
function line(start = 100): Line {
  const lab = new MediaLab();
  const [publisher, subscriber] = [lab.peer(), lab.peer()];
  const source = publisher.media.publish({ mid: '0', format: VIDEO, ssrcs: [55], rids: [] });
  const subscription = subscriber.media.subscribe('1', VIDEO);
  subscription.setSource(source);
  const camera = new Camera(55, {}, start);
  publisher.sends(camera.next(true));
  return { lab, publisher, subscriber, source, subscription, camera };
}

const texts = (packets: readonly { payload: Buffer }[]): string[] =>
  packets.map(({ payload }) => payload.subarray(7).toString());

describe('what is lost on the way from a publisher', () => {
  test('is asked for, takes its own place for the subscriber, and is taken once', () => {
    const { lab, publisher, subscriber, camera } = line(65_534);
    const [lost, alsoLost] = [camera.next(), camera.next()];
    publisher.sends(camera.next());
    publisher.heard();
    lab.run(50);
    expect(publisher.heard('nack')).toMatchObject([{ mediaSsrc: 55, sequenceNumbers: [65_535, 0] }]);
    for (const packet of [alsoLost, lost, lost]) publisher.sends(packet);
    publisher.sends(camera.next());
    const got = subscriber.got();
    const first = got[0]?.sequenceNumber ?? 0;
    expect(got.map(({ sequenceNumber }) => sequenceNumber - first)).toEqual([0, 3, 2, 1, 4]);
    lab.run(1_000);
    expect(publisher.heard('nack', 'pli')).toEqual([]);
    expect(lab.engine.totals.dropped).toBe(1);
  });

  test('is not asked for when it is only late', () => {
    const { lab, publisher, camera } = line();
    const late = camera.next();
    publisher.sends(camera.next());
    lab.clock.advance(9);
    publisher.sends(late);
    lab.run(200);
    expect(publisher.heard('nack')).toEqual([]);
  });

  test('is asked for at the next packet when that comes before the next tick', () => {
    const { lab, publisher, camera } = line();
    camera.next();
    publisher.sends(camera.next());
    lab.clock.advance(10);
    publisher.sends(camera.next());
    expect(publisher.heard('nack')).toMatchObject([{ sequenceNumbers: [101] }]);
  });

  test('for good is given up after a while, and a key frame asked for', () => {
    const { lab, publisher, camera } = line();
    camera.next();
    publisher.heard();
    lab.run(1_000, () => publisher.sends(camera.next()));
    const heard = publisher.heard('nack', 'pli');
    expect(heard.filter(({ type }) => type === 'nack')).toHaveLength(8);
    expect(heard.at(-1)?.type).toBe('pli');
  });

  test('as a whole second is not asked for packet by packet: a key frame is', () => {
    const { publisher, camera, lab } = line();
    for (let i = 0; i < 300; i += 1) camera.next();
    publisher.sends(camera.next());
    lab.run(200);
    expect(publisher.heard('nack', 'pli').map(({ type }) => type)).toEqual(['pli']);
  });

  test('of a track that nobody looks at is not asked for', () => {
    const { lab, publisher, subscription, camera } = line();
    camera.next();
    publisher.sends(camera.next());
    subscription.setSource(undefined);
    publisher.heard();
    camera.next();
    publisher.sends(camera.next());
    lab.run(1_000);
    expect(publisher.heard('nack', 'pli')).toEqual([]);
  });

  test('of sound is not asked for', () => {
    const lab = new MediaLab();
    const publisher = lab.peer();
    publisher.media.publish({ mid: '0', format: AUDIO, ssrcs: [55], rids: [] });
    for (const sequenceNumber of [1, 5, 6]) {
      publisher.sends(rtp({ payloadType: 111, ssrc: 55, sequenceNumber, payload: Buffer.of(1) }));
    }
    lab.run(1_000);
    expect(publisher.heard('nack', 'pli')).toEqual([]);
  });
});

describe('what is lost on the way to a subscriber', () => {
  test('is sent again as it was encrypted', () => {
    const { lab, publisher, subscriber, subscription, camera } = line();
    for (let i = 0; i < 5; i += 1) publisher.sends(camera.next());
    const sent = subscriber.transport.datagrams.splice(0);
    const numbers = sent.map((datagram) => readRtp(datagram).sequenceNumber);
    const [, second = 0, , fourth = 0] = numbers;
    lab.clock.advance(50);
    subscriber.says({
      type: 'nack',
      senderSsrc: 1,
      mediaSsrc: subscription.ssrc,
      sequenceNumbers: [second, fourth, fourth + 9],
    });
    const again = subscriber.transport.datagrams.splice(0);
    expect(again.map((datagram) => sent.indexOf(datagram))).toEqual([1, 3]);
    expect(lab.engine.totals).toMatchObject({ retransmitted: 2, packetsOut: 8 });
  });

  test('is sent again to whom it was lost, and only as often as makes sense', () => {
    const { lab, publisher, subscriber, subscription, camera } = line();
    publisher.sends(camera.next());
    const number = subscriber.got()[0]?.sequenceNumber ?? 0;
    const nack = {
      type: 'nack',
      senderSsrc: 1,
      mediaSsrc: subscription.ssrc,
      sequenceNumbers: [number],
    } as const;
    publisher.says(nack);
    for (let i = 0; i < 50; i += 1) subscriber.says(nack);
    expect([subscriber.got().length, publisher.got().length]).toEqual([1, 0]);
    lab.clock.advance(100);
    subscriber.says(nack);
    expect(texts(subscriber.got())).toEqual(['55:100']);
  });

  test('is not sent again after keys have changed: it was encrypted with the old ones', () => {
    const { lab, publisher, subscriber, subscription, camera } = line();
    const before = subscriber.got()[0]?.sequenceNumber ?? 0;
    subscriber.media.connected();
    publisher.sends(camera.next(true));
    lab.clock.advance(100);
    subscriber.got();
    const sequenceNumbers = [before, before + 1];
    subscriber.says({ type: 'nack', senderSsrc: 1, mediaSsrc: subscription.ssrc, sequenceNumbers });
    expect(texts(subscriber.got())).toEqual(['55:101']);
  });

  test('is not sent again once the subscription is closed', () => {
    const { subscriber, subscription } = line();
    subscriber.got();
    subscription.close();
    subscriber.says({ type: 'nack', senderSsrc: 1, mediaSsrc: subscription.ssrc, sequenceNumbers: [1] });
    expect(subscriber.got()).toEqual([]);
  });
});

describe('key frames', () => {
  test('are asked for on behalf of who comes late, who gets nothing before one', () => {
    const { lab, publisher, source, camera } = line();
    lab.run(1_000, () => publisher.sends(camera.next()));
    publisher.heard();
    const late = lab.peer();
    late.media.subscribe('0', VIDEO).setSource(source);
    expect(publisher.heard('pli')).toMatchObject([{ mediaSsrc: 55 }]);
    publisher.sends(camera.next());
    expect(late.got()).toEqual([]);
    publisher.sends(camera.next(true));
    publisher.sends(camera.next());
    expect(texts(late.got())).toEqual(['55:122', '55:123']);
  });

  test('whose first packet comes late are no place to begin, for the rest has gone by', () => {
    const { lab, publisher, source, camera } = line();
    const late = lab.peer();
    late.media.subscribe('0', VIDEO).setSource(source);
    const key = camera.next(true);
    publisher.sends(camera.next());
    publisher.sends(key);
    expect(late.got()).toEqual([]);
    publisher.heard();
    lab.run(300, () => publisher.sends(camera.next()));
    expect(publisher.heard('pli').length).toBeGreaterThan(0);
    publisher.sends(camera.next(true));
    expect(late.got()).toHaveLength(1);
  });

  test('are asked for once in 300 ms, however many need one', () => {
    const { lab, publisher, subscriber, subscription, camera } = line();
    publisher.heard();
    const { ssrc } = subscription;
    let asked = 0;
    lab.run(1_200, () => {
      publisher.sends(camera.next());
      for (let i = 0; i < 10; i += 1) {
        subscriber.says({ type: 'pli', senderSsrc: 1, mediaSsrc: ssrc });
        subscriber.says({ type: 'fir', senderSsrc: 1, requests: [{ ssrc, sequence: i }] });
      }
      asked += publisher.heard('pli').length;
    });
    expect(asked).toBe(4);
    expect(lab.engine.totals.keyFrameRequests).toBe(4);
  });

  test('are asked for again until one comes', () => {
    const { lab, publisher, subscription, camera } = line();
    publisher.heard();
    subscription.refresh();
    const at: number[] = [];
    const start = lab.clock.now();
    const listen = (): void => {
      publisher.sends(camera.next());
      at.push(...publisher.heard('pli').map(() => lab.clock.now() - start));
    };
    listen();
    lab.run(3_000, listen);
    expect(at).toEqual([0, 300, 900, 2_100]);
    publisher.sends(camera.next(true));
    lab.run(10_000, listen);
    expect(at).toHaveLength(4);
  });

  test('are not asked of who sends nothing, nor for sound', () => {
    const { lab, publisher, subscription } = line();
    lab.run(2_500);
    publisher.heard();
    subscription.refresh();
    const sound = publisher.media.publish({ mid: '1', format: AUDIO, ssrcs: [77], rids: [] });
    publisher.sends(rtp({ payloadType: 111, ssrc: 77, payload: Buffer.of(1) }));
    const hearing = lab.peer().media.subscribe('0', AUDIO);
    hearing.setSource(sound);
    hearing.refresh();
    lab.run(1_000);
    expect(publisher.heard('pli')).toEqual([]);
  });
});
