import { EgressExtensions } from './egress-extensions.ts';
import type { IncomingPacket } from './incoming-packet.ts';
import { writeRtpHeader } from './rtp-packet.ts';
import { SequenceMap } from './sequence-map.ts';
import type { StreamFormat } from './session-media.ts';
import { Timeline } from './timeline.ts';
import { Vp8Continuity } from './vp8-continuity.ts';

/** Where a stream's numbers begin; random outside of tests. */
export type StreamStart = {
  readonly ssrc: number;
  readonly sequenceNumber: number;
  readonly timestamp: number;
};

/** Makes of a publisher's packets those of one subscriber: one stream without a seam, whatever its sources. */
export class PacketRewriter {
  readonly #ssrc: number;
  readonly #mid: string;
  readonly #sequence: SequenceMap;
  readonly #timeline: Timeline;
  readonly #vp8 = new Vp8Continuity();
  #format: StreamFormat;
  #extensions: EgressExtensions;
  /** Of the packet that was written last. */
  sequenceNumber = 0;

  constructor(start: StreamStart, mid: string, format: StreamFormat) {
    this.#ssrc = start.ssrc;
    this.#mid = mid;
    this.#sequence = new SequenceMap(start.sequenceNumber);
    this.#timeline = new Timeline(start.timestamp);
    this.#format = format;
    this.#extensions = new EgressExtensions(mid, format.extensions);
  }

  set format(format: StreamFormat) {
    this.#format = format;
    this.#extensions = new EgressExtensions(this.#mid, format.extensions);
  }

  /** What is to be added to the source's RTP time. */
  get timeShift(): number {
    return this.#timeline.shift;
  }

  /** Another source begins with this packet. `gap`: how many packets and pictures are to look lost in between. */
  begin(packet: IncomingPacket, gap: number): void {
    this.#sequence.begin(packet.index, gap);
    this.#timeline.begin(packet.timestamp, packet.receivedAtMs, this.#format.clockRate);
    if (this.#format.codec === 'VP8') this.#vp8.begin(packet.vp8, gap);
  }

  /** Writes the subscriber's packet, and gives its length; 0 when there is nothing to send. */
  write(out: Buffer, packet: IncomingPacket): number {
    const { payloadLength, payloadOffset } = packet;
    const index = payloadLength === 0 ? this.#sequence.skip(packet.index) : this.#sequence.map(packet.index);
    if (index === -1) return 0;
    this.sequenceNumber = index & 0xffff;
    const timestamp = this.#timeline.map(packet.timestamp, packet.receivedAtMs);
    const second = this.#format.payloadType | (packet.marker ? 0x80 : 0);
    writeRtpHeader(out, second, this.sequenceNumber, timestamp, this.#ssrc);
    const headerEnd = this.#extensions.write(out, packet, packet.ids, packet.absSendTime);
    packet.buffer.copy(out, headerEnd, payloadOffset, payloadOffset + payloadLength);
    if (this.#format.codec === 'VP8') this.#vp8.rewrite(out, headerEnd, packet.vp8);
    return headerEnd + payloadLength;
  }
}
