import { describe, expect, test } from 'vitest';
import { Camera, MediaLab } from './media-lab.ts';
import { VIDEO } from './rtp-builder.ts';

const SR = {
  type: 'sr',
  ssrc: 55,
  ntpSeconds: 3_900_000_000,
  ntpFraction: 0x8000_0000,
  packetCount: 1,
  octetCount: 1,
  reports: [],
} as const;

describe('reports', () => {
  test('tell the publisher what came, how unsteadily, and when it last told its time', () => {
    const lab = new MediaLab();
    const publisher = lab.peer();
    publisher.media.publish({ mid: '0', format: VIDEO, ssrcs: [55], rids: [] });
    const camera = new Camera(55, {}, 65_535);
    publisher.sends(camera.next(true));
    publisher.media.tick(lab.clock.now());
    publisher.heard();
    publisher.says({ ...SR, rtpTime: camera.timestamp });
    camera.next();
    publisher.sends(camera.next());
    publisher.sends(camera.next());
    lab.run(1_000);
    expect(publisher.heard('rr').filter(({ reports }) => reports.length > 0)).toEqual([
      {
        type: 'rr',
        ssrc: expect.any(Number),
        reports: [
          {
            ssrc: 55,
            // One of three since the report before, which had the first packet.
            fractionLost: 85,
            cumulativeLost: 1,
            highestSequence: 0x2_0002,
            jitter: expect.any(Number),
            lastSr: ((3_900_000_000 << 16) | 0x8000) >>> 0,
            delaySinceLastSr: 65_536,
          },
        ],
      },
    ]);
  });

  test("tell a subscriber the publisher's time in its own, and what was sent", () => {
    const lab = new MediaLab();
    const [publisher, subscriber] = [lab.peer(), lab.peer()];
    const source = publisher.media.publish({ mid: '0', format: VIDEO, ssrcs: [55], rids: [] });
    const subscription = subscriber.media.subscribe('1', VIDEO);
    subscription.setSource(source);
    const camera = new Camera(55);
    const first = camera.timestamp;
    publisher.sends(camera.next(true));
    publisher.sends(camera.next());
    const [begin, next] = subscriber.got();
    publisher.says({ ...SR, rtpTime: first });
    lab.run(1_000);
    const [report, ...more] = subscriber.heard('sr');
    expect(more).toEqual([]);
    const elapsed = 50;
    expect(report).toEqual({
      type: 'sr',
      ssrc: subscription.ssrc,
      ntpSeconds: 3_900_000_000,
      ntpFraction: expect.any(Number),
      rtpTime: ((begin?.timestamp ?? 0) + 90 * elapsed) >>> 0,
      packetCount: 2,
      octetCount: (begin?.payload.length ?? 0) + (next?.payload.length ?? 0),
      reports: [],
    });
    expect(((report?.ntpFraction ?? 0) / 2 ** 32) * 1_000).toBeCloseTo(500 + elapsed, 2);
  });

  test('of a subscriber measure the way, and packets are sent again no faster than that', () => {
    const lab = new MediaLab();
    const [publisher, subscriber] = [lab.peer(), lab.peer()];
    const subscription = subscriber.media.subscribe('1', VIDEO);
    subscription.setSource(publisher.media.publish({ mid: '0', format: VIDEO, ssrcs: [55], rids: [] }));
    const camera = new Camera(55);
    publisher.sends(camera.next(true));
    publisher.says({ ...SR, rtpTime: 0 });
    lab.run(50);
    const [report] = subscriber.heard('sr');
    lab.clock.advance(300);
    const lastSr = (((report?.ntpSeconds ?? 0) << 16) | ((report?.ntpFraction ?? 0) >>> 16)) >>> 0;
    const block = {
      ssrc: subscription.ssrc,
      fractionLost: 0,
      cumulativeLost: 0,
      highestSequence: 0,
      jitter: 0,
      lastSr,
    };
    subscriber.says({ type: 'rr', ssrc: 1, reports: [{ ...block, delaySinceLastSr: 65.536 * 100 }] });
    const number = subscriber.got()[0]?.sequenceNumber ?? 0;
    const askedAgain = (): number => {
      subscriber.says({
        type: 'nack',
        senderSsrc: 1,
        mediaSsrc: subscription.ssrc,
        sequenceNumbers: [number],
      });
      return subscriber.got().length;
    };
    const sent = [askedAgain()];
    lab.clock.advance(190);
    sent.push(askedAgain());
    lab.clock.advance(15);
    sent.push(askedAgain());
    expect(sent).toEqual([1, 0, 1]);
  });

  test('of an SSRC that the publisher does not use any more are not believed', () => {
    const lab = new MediaLab();
    const [publisher, subscriber] = [lab.peer(), lab.peer()];
    const source = publisher.media.publish({ mid: '0', format: VIDEO, ssrcs: [55, 66], rids: [] });
    subscriber.media.subscribe('1', VIDEO).setSource(source);
    publisher.sends(new Camera(55).next(true));
    publisher.sends(new Camera(66).next(true));
    publisher.says({ ...SR, rtpTime: 0 });
    lab.run(2_000);
    expect(subscriber.heard('sr')).toEqual([]);
    publisher.says({ ...SR, ssrc: 66, rtpTime: 0 });
    lab.run(1_000);
    expect(subscriber.heard('sr')).toHaveLength(1);
  });

  test('to a subscriber are none while its publisher has not told its time, nor after it went', () => {
    const lab = new MediaLab();
    const [publisher, subscriber] = [lab.peer(), lab.peer()];
    const source = publisher.media.publish({ mid: '0', format: VIDEO, ssrcs: [55], rids: [] });
    subscriber.media.subscribe('1', VIDEO).setSource(source);
    publisher.sends(new Camera(55).next(true));
    lab.run(2_000);
    expect(subscriber.heard('sr')).toEqual([]);
    publisher.says({ ...SR, rtpTime: 0 });
    source.close();
    lab.run(2_000);
    expect(subscriber.heard('sr')).toEqual([]);
  });
});
