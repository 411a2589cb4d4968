import { describe, expect, test } from 'vitest';
import type { Publication, PublicationParameters } from '../../../src/sfu/media/session-media.ts';
import { Camera, MediaLab, type Peer } from './media-lab.ts';
import { AUDIO, rtp, VIDEO, vp8 } from './rtp-builder.ts';

const publish = (peer: Peer, more: Partial<PublicationParameters> = {}): Publication =>
  peer.media.publish({ mid: '0', format: VIDEO, ssrcs: [], rids: [], ...more });

const extensions = (mid?: string, rid?: string, repairedRid?: string): ReadonlyMap<number, Buffer> =>
  new Map(
    [mid, rid, repairedRid].flatMap((text, i) =>
      text === undefined ? [] : [[i + 1, Buffer.from(text)] as const],
    ),
  );

const picture = (ssrc: number, fields: Parameters<typeof rtp>[0] = {}): Buffer =>
  rtp({ ssrc, sequenceNumber: 5, payload: vp8({ pictureId: 1, tl0: 1, key: true }), ...fields });

const isFlowing = (...publications: readonly Publication[]): boolean[] =>
  publications.map(({ lastPacketAtMs }) => lastPacketAtMs !== undefined);

describe('an incoming packet belongs to the track', () => {
  test('whose SSRC was announced', () => {
    const peer = new MediaLab().peer();
    const [a, b] = [publish(peer, { ssrcs: [5] }), publish(peer, { mid: '1', ssrcs: [6] })];
    peer.sends(picture(6));
    expect(isFlowing(a, b)).toEqual([false, true]);
  });

  test('whose MID it has, and so do those after it that have none', () => {
    const lab = new MediaLab();
    const peer = lab.peer();
    const [a, b] = [publish(peer), publish(peer, { mid: '1' })];
    peer.sends(picture(9, { extensions: extensions('1') }));
    peer.sends(picture(9, { sequenceNumber: 6 }));
    expect(isFlowing(a, b)).toEqual([false, true]);
    expect(lab.engine.totals.dropped).toBe(0);
  });

  test('whose payload type it has, where only one has it', () => {
    const lab = new MediaLab();
    const peer = lab.peer();
    const [a, b] = [publish(peer), publish(peer, { mid: '1', format: AUDIO })];
    peer.sends(picture(9));
    expect(isFlowing(a, b)).toEqual([true, false]);
    const c = publish(peer, { mid: '2' });
    peer.sends(picture(10));
    expect(isFlowing(c)).toEqual([false]);
    expect(lab.engine.totals.dropped).toBe(1);
  });

  test('of none, when its MID is that of none, or it is a retransmission stream', () => {
    const lab = new MediaLab();
    const peer = lab.peer();
    const a = publish(peer);
    peer.sends(picture(9, { extensions: extensions('5') }));
    peer.sends(picture(9, { extensions: extensions('0', undefined, 'h') }));
    expect(isFlowing(a)).toEqual([false]);
    expect(lab.engine.totals.dropped).toBe(2);
  });

  test('that an m-line carries at present', () => {
    const peer = new MediaLab().peer();
    const before = publish(peer, { ssrcs: [5] });
    const after = publish(peer);
    peer.sends(picture(5, { extensions: extensions('0') }));
    expect([before.isClosed, ...isFlowing(before, after)]).toEqual([true, false, true]);
  });

  test('of nobody any more when that is closed', () => {
    const lab = new MediaLab();
    const peer = lab.peer();
    publish(peer, { ssrcs: [5] }).close();
    peer.sends(picture(5));
    expect(lab.engine.totals.dropped).toBe(1);
  });
});

describe('an SSRC', () => {
  const sources = 200;

  test('that is new for each packet does not grow anything, and the newest is taken', () => {
    const lab = new MediaLab();
    const [peer, subscriber] = [lab.peer(), lab.peer()];
    const microphone = publish(peer, { format: AUDIO });
    subscriber.media.subscribe('1', AUDIO).setSource(microphone);
    for (let i = 0; i < sources; i += 1) {
      peer.sends(rtp({ payloadType: 111, ssrc: 1_000 + i, sequenceNumber: 7, payload: Buffer.of(i) }));
    }
    expect(subscriber.got().map(({ payload }) => payload[0])).toEqual(
      Array.from({ length: sources }, (_, i) => i),
    );
  });

  test('in use is not forgotten for those that come and go', () => {
    const lab = new MediaLab();
    const peer = lab.peer();
    publish(peer);
    publish(peer, { mid: '1' });
    peer.sends(picture(9, { extensions: extensions('0') }));
    for (let i = 0; i < sources; i += 1) peer.sends(picture(1_000 + i, { extensions: extensions('1') }));
    expect(lab.engine.totals.dropped).toBe(0);
    peer.sends(picture(9, { sequenceNumber: 6 }));
    expect(lab.engine.totals.dropped).toBe(0);
  });

  test('that is replaced goes on as one stream, with a key frame, and the old one is not taken back at once', () => {
    const lab = new MediaLab();
    const [peer, subscriber] = [lab.peer(), lab.peer()];
    const source = publish(peer);
    subscriber.media.subscribe('1', VIDEO).setSource(source);
    const [before, after] = [new Camera(5), new Camera(6, {}, 40_000)];
    peer.sends(before.next(true));
    lab.clock.advance(400);
    peer.heard();
    peer.sends(after.next());
    expect(peer.heard('pli')).toMatchObject([{ mediaSsrc: 6 }]);
    peer.sends(before.next(true));
    peer.sends(after.next(true));
    peer.sends(after.next());
    const got = subscriber.got();
    expect(got.map(({ payload }) => payload.subarray(7).toString())).toEqual(['5:100', '6:40001', '6:40002']);
    const [first = 0, ...rest] = got.map(({ sequenceNumber }) => sequenceNumber);
    expect(rest.map((number) => number - first)).toEqual([1, 2]);
    lab.clock.advance(500);
    peer.sends(before.next(true));
    expect(subscriber.got()).toHaveLength(1);
  });

  test('whose numbers begin anew goes on as one stream', () => {
    const lab = new MediaLab();
    const [peer, subscriber] = [lab.peer(), lab.peer()];
    subscriber.media.subscribe('1', VIDEO).setSource(publish(peer));
    const [before, after] = [new Camera(5, {}, 100), new Camera(5, {}, 30_000)];
    peer.sends(before.next(true));
    peer.sends(after.next());
    peer.sends(after.next(true));
    peer.sends(after.next());
    const [first = 0, ...rest] = subscriber.got().map(({ sequenceNumber }) => sequenceNumber);
    expect(rest.map((number) => number - first)).toEqual([1, 2]);
  });
});

describe('whether a track flows', () => {
  test('is known at its first packet, and after that at once', async () => {
    const lab = new MediaLab();
    const peer = lab.peer();
    const track = publish(peer);
    const answers = [track.whenFlowing(1_000), track.whenFlowing(2_000)];
    peer.sends(picture(9));
    expect(await Promise.all([...answers, track.whenFlowing(1)])).toEqual([true, true, true]);
    expect([track.lastPacketAtMs, lab.clock.timerCount]).toEqual([lab.clock.now(), 0]);
  });

  test('is answered with no after its time, or when it closes', async () => {
    const lab = new MediaLab();
    const track = publish(lab.peer());
    const early = track.whenFlowing(1_000);
    lab.clock.advance(1_000);
    const late = track.whenFlowing(1_000);
    track.close();
    expect(await Promise.all([early, late, track.whenFlowing(1_000)])).toEqual([false, false, false]);
    expect(lab.clock.timerCount).toBe(0);
  });
});
