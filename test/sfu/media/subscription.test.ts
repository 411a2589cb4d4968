import { describe, expect, test } from 'vitest';
import type { Publication } from '../../../src/sfu/media/session-media.ts';
import { Camera, deltas, MediaLab, publishVideo, subscribe } from './media-lab.ts';
import { AUDIO, rtp, VIDEO, vp8, vp8Numbers } from './rtp-builder.ts';

describe('a subscription', () => {
  test('takes another source without a seam: it begins with a key frame and goes on in number and time', () => {
    const lab = new MediaLab();
    const [a, b, subscriber] = [lab.peer(), lab.peer(), lab.peer()];
    const [first, second] = [publishVideo(a, 55), publishVideo(b, 66)];
    const [left, right] = [new Camera(55, {}, 65_530), new Camera(66, {}, 300)];
    const subscription = subscribe(subscriber, first);
    for (let i = 0; i < 10; i += 1) a.sends(left.next(i === 0));
    subscription.setSource(second);
    b.sends(right.next());
    const old = right.next();
    lab.clock.advance(100);
    b.sends(right.next(true));
    b.sends(old);
    a.sends(left.next());
    b.sends(right.next());
    const got = subscriber.got();
    expect(got.map(({ payload }) => payload.subarray(7).toString())).toEqual([
      ...Array.from({ length: 10 }, (_, i) => `55:${65_530 + i}`),
      '66:302',
      '66:303',
    ]);
    expect(deltas(got.map(({ sequenceNumber }) => sequenceNumber))).toEqual(
      Array.from({ length: 11 }, () => 1),
    );
    expect(deltas(got.map(({ payload }) => vp8Numbers(payload).pictureId)).map((d) => d & 0x7fff)).toEqual(
      Array.from({ length: 11 }, () => 1),
    );
    const times = got.map(({ timestamp }) => timestamp);
    expect(deltas(times).map((delta) => delta >>> 0)).toEqual([
      ...Array.from({ length: 9 }, () => 3_000),
      9_000,
      3_000,
    ]);
    expect(new Set(got.map(({ ssrc }) => ssrc))).toEqual(new Set([subscription.ssrc]));
  });

  test('pauses without a source, and goes on with the next', () => {
    const lab = new MediaLab();
    const [publisher, subscriber] = [lab.peer(), lab.peer()];
    const microphone = publisher.media.publish({ mid: '0', format: AUDIO, ssrcs: [55], rids: [] });
    const subscription = subscribe(subscriber, microphone, '1', AUDIO);
    const sound = (sequenceNumber: number): Buffer =>
      rtp({
        payloadType: 111,
        ssrc: 55,
        sequenceNumber,
        timestamp: 960 * sequenceNumber,
        payload: Buffer.from('s'),
      });
    publisher.sends(sound(1));
    subscription.setSource(undefined);
    lab.clock.advance(1_000);
    publisher.sends(sound(2));
    subscription.setSource(microphone);
    publisher.sends(sound(3));
    const [first, second, ...more] = subscriber.got();
    expect(more).toEqual([]);
    expect((second?.sequenceNumber ?? 0) - (first?.sequenceNumber ?? 0)).toBe(1);
    expect(((second?.timestamp ?? 0) - (first?.timestamp ?? 0)) >>> 0).toBe(48_000);
  });

  test('does not begin anew with the source that it has', () => {
    const lab = new MediaLab();
    const [publisher, subscriber] = [lab.peer(), lab.peer()];
    const source = publishVideo(publisher, 55);
    const subscription = subscribe(subscriber, source);
    const camera = new Camera(55);
    publisher.sends(camera.next(true));
    subscription.setSource(source);
    publisher.sends(camera.next());
    expect(subscriber.got()).toHaveLength(2);
  });

  test('gets nothing of another codec, and goes on when the codec is the same', () => {
    const lab = new MediaLab();
    const [publisher, subscriber] = [lab.peer(), lab.peer()];
    const subscription = subscribe(subscriber, publishVideo(publisher, 55), '1', { ...VIDEO, codec: 'H264' });
    const camera = new Camera(55);
    publisher.sends(camera.next(true));
    expect(subscriber.got()).toEqual([]);
    subscription.setFormat({ ...VIDEO, payloadType: 120 });
    publisher.sends(camera.next(true));
    expect(subscriber.got()).toMatchObject([{ payloadType: 120 }]);
  });

  test('pauses when its source closes, and both ends can be closed again and again', () => {
    const lab = new MediaLab();
    const [publisher, subscriber] = [lab.peer(), lab.peer()];
    const source = publishVideo(publisher, 55);
    const subscription = subscribe(subscriber, source);
    const camera = new Camera(55);
    publisher.sends(camera.next(true));
    source.close();
    source.close();
    publisher.sends(camera.next(true));
    expect(subscriber.got()).toHaveLength(1);
    expect(source.isClosed).toBe(true);
    subscription.setSource(source);
    publisher.sends(camera.next(true));
    expect(subscriber.got()).toEqual([]);
    subscriber.heard();
    subscription.close();
    subscription.close();
    expect(subscriber.heard('bye')).toEqual([{ type: 'bye', ssrcs: [subscription.ssrc] }]);
  });

  test('refuses a publication that is not of this engine', () => {
    const stranger = { format: VIDEO, isClosed: false, lastPacketAtMs: undefined } as unknown as Publication;
    expect(() => new MediaLab().peer().media.subscribe('0', VIDEO).setSource(stranger)).toThrow(TypeError);
  });

  test('whose source cannot be seen to begin a picture gets it after a while, and sees that something is missing', () => {
    const lab = new MediaLab();
    const [a, b, subscriber] = [lab.peer(), lab.peer(), lab.peer()];
    const subscription = subscribe(subscriber, publishVideo(a, 55));
    const [left, right] = [new Camera(55), new Camera(66)];
    a.sends(left.next(true));
    subscription.setSource(publishVideo(b, 66));
    lab.run(1_500, () => b.sends(right.next()));
    expect(subscriber.got()).toHaveLength(1);
    const inFrame = vp8({ pictureId: right.pictureId, tl0: 0, start: false });
    lab.clock.advance(50);
    b.sends(rtp({ ssrc: 66, sequenceNumber: right.sequenceNumber, payload: inFrame }));
    right.sequenceNumber += 1;
    expect(subscriber.got()).toEqual([]);
    b.sends(right.next());
    const [first] = subscriber.got();
    expect(first?.payload.subarray(7).toString()).toBe('66:131');
    expect(vp8Numbers(first?.payload ?? Buffer.alloc(9)).pictureId).toBe(102);
  });
});
