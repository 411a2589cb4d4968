import { describe, expect, test } from 'vitest';
import { OPUS_TYPE, VP8_TYPE } from '../../bench/sfu/descriptions.ts';
import { AudioSource, VideoSource } from '../../bench/sfu/media-source.ts';
import { keyFrameRequests } from '../../bench/sfu/rtcp.ts';
import { noFaults, StreamCheck } from '../../bench/sfu/stream-check.ts';

/** So many packets of a source that is never late. */
function packetsOf(source: AudioSource | VideoSource, count: number): Buffer[] {
  source.start(0);
  const packets: Buffer[] = [];
  for (let nowMs = 0; packets.length < count; nowMs += 1) {
    const packet = source.next(nowMs);
    if (packet !== undefined) packets.push(packet);
  }
  return packets;
}

const audio = (count: number): Buffer[] => packetsOf(new AudioSource(4), count);
const video = (count: number): Buffer[] => packetsOf(new VideoSource(5, 1_500_000), count);

function faultsOf(kind: 'audio' | 'video', packets: readonly Buffer[], sent: number): object {
  const check =
    kind === 'audio' ? new StreamCheck(4, 'audio', OPUS_TYPE) : new StreamCheck(5, 'video', VP8_TYPE);
  for (const packet of packets) check.receive(packet, 1);
  check.end(sent);
  return check.faults;
}

const without = (packets: readonly Buffer[], index: number): Buffer[] => packets.toSpliced(index, 1);

describe('the check of a pulled stream', () => {
  test('finds nothing wrong with what was sent', () => {
    expect(faultsOf('audio', audio(200), 200)).toEqual(noFaults());
    expect(faultsOf('video', video(200), 200)).toEqual(noFaults());
  });

  test('finds a packet that is lost, in the middle, at the end, or with all others', () => {
    const packets = audio(10);
    expect(faultsOf('audio', without(packets, 4), 10)).toEqual({ ...noFaults(), lost: 1 });
    expect(faultsOf('audio', without(packets, 9), 10)).toEqual({ ...noFaults(), lost: 1 });
    expect(faultsOf('audio', [], 10)).toEqual({ ...noFaults(), lost: 10 });
  });

  test('finds a packet that came twice, or too late', () => {
    const packets = audio(10);
    const [first, second, third, ...rest] = packets as [Buffer, Buffer, Buffer];
    expect(faultsOf('audio', [first, second, second, third, ...rest], 10)).toMatchObject({ doubled: 1 });
    expect(faultsOf('audio', [first, third, second, ...rest], 10)).toMatchObject({ lost: 1, reordered: 1 });
  });

  test.each<[string, (packet: Buffer) => void]>([
    ['of another stream', (packet) => void packet.writeUInt16BE(7, 21)],
    ['of another type', (packet) => void (packet[1] = 100)],
    ['with a mark', (packet) => void (packet[1] = 0x80 | OPUS_TYPE)],
    ['with a number that does not follow', (packet) => void packet.writeUInt16BE(9, 2)],
    ['with a time that does not follow', (packet) => void packet.writeUInt32BE(9, 4)],
  ])('finds a packet %s', (_, change) => {
    const packets = audio(10);
    change(packets[5] as Buffer);
    expect(faultsOf('audio', packets, 10)).not.toEqual(noFaults());
  });

  test('finds a picture that does not begin with a key frame, and one whose count has a gap', () => {
    const source = new VideoSource(5, 1_500_000);
    const packets = packetsOf(source, 60);
    const firstOther = packets.findIndex((packet, index) => index > 0 && packet[20] === 0x90);
    expect(faultsOf('video', packets.slice(firstOther), 60)).toEqual({ ...noFaults(), wrong: 1 });
    const second = packets.findIndex((packet, index) => index > firstOther && packet[20] === 0x90);
    for (const packet of packets.slice(second)) packet.writeUInt16BE(packet.readUInt16BE(22) ^ 0x40, 22);
    expect(faultsOf('video', packets, 60)).not.toEqual(noFaults());
  });
});

describe('the sources', () => {
  test('send fifty packets of sound and thirty pictures of some 1.5 Mbit a second', () => {
    const sound = new AudioSource(1);
    const picture = new VideoSource(2, 1_500_000);
    sound.start(0);
    picture.start(0);
    let frames = 0;
    for (let nowMs = 0; nowMs < 10_000; nowMs += 1) {
      while (sound.next(nowMs) !== undefined);
      for (let packet = picture.next(nowMs); packet !== undefined; packet = picture.next(nowMs)) {
        if ((packet[1] ?? 0) >= 0x80) frames += 1;
      }
    }
    expect({ packets: sound.packets, frames, kbps: Math.round(picture.octets / 1_250 / 10) * 10 }).toEqual({
      packets: 500,
      frames: 300,
      kbps: 1_510,
    });
  });

  test('send a key frame when one is asked for', () => {
    const source = new VideoSource(5, 1_500_000);
    const before = packetsOf(source, 100).filter((packet) => isKeyFrame(packet)).length;
    source.refresh();
    const after = packetsOf(source, 100).filter((packet) => isKeyFrame(packet)).length;
    expect({ before, after }).toEqual({ before: 1, after: 1 });
  });
});

const isKeyFrame = (packet: Buffer): boolean =>
  packet[20] === 0x90 && packet.subarray(29, 32).equals(Buffer.from('9d012a', 'hex'));

test('requests for key frames are found in a compound packet', () => {
  const report = Buffer.from('80c9000100000001', 'hex');
  const loss = Buffer.from('81ce0002000000010000002a', 'hex');
  const intra = Buffer.from('84ce000400000001000000000000002b01000000', 'hex');
  const other = Buffer.from('8fce0002000000010000002c', 'hex');
  expect(keyFrameRequests(Buffer.concat([report, loss, intra, other]))).toEqual([0x2a, 0x2b]);
  expect(keyFrameRequests(Buffer.concat([report, loss.subarray(0, 8)]))).toEqual([]);
});
