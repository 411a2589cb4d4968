import { AUDIO_STAMP_AT, VIDEO_STAMP_AT } from './media-source.ts';
import { readStamp } from './stamp.ts';

/** What was wrong with what came; all of it is nought, or the run fails. */
export type Faults = {
  lost: number;
  doubled: number;
  reordered: number;
  /** Of another stream, unreadable, or with a header that does not fit what it was. */
  wrong: number;
};

export const noFaults = (): Faults => ({ lost: 0, doubled: 0, reordered: 0, wrong: 0 });

/** Looks at every packet of one pulled stream. */
export class StreamCheck {
  readonly faults = noFaults();
  readonly stream: number;
  readonly kind: 'audio' | 'video';
  readonly #payloadType: number;
  packets = 0;
  /** When its first whole frame was there; by the load's own clock. */
  firstFrameAtMs: number | undefined;
  #number = -1;
  #sequenceNumber = -1;
  #timestampShift = 0;
  #pictureId = -1;
  #first = { number: 0, sequenceNumber: 0 };

  constructor(stream: number, kind: 'audio' | 'video', payloadType: number) {
    this.stream = stream;
    this.kind = kind;
    this.#payloadType = payloadType;
  }

  /** The number that the newest packet has; -1 before the first. */
  get newest(): number {
    return this.#number;
  }

  /** The highest sequence number, with its cycles (RFC 3550, section 6.4.1). */
  get highest(): number {
    return (this.#first.sequenceNumber + this.#number - this.#first.number) >>> 0;
  }

  /** Gives when the packet was sent, or nothing for one that is wrong. */
  receive(packet: Buffer, nowMs: number): number | undefined {
    const payloadAt = payloadOf(packet);
    const stampAt = payloadAt + (this.kind === 'audio' ? AUDIO_STAMP_AT : VIDEO_STAMP_AT);
    if (packet.length < stampAt + 20) return this.#wrong();
    const stamp = readStamp(packet, stampAt);
    const marker = (packet[1] ?? 0) >= 0x80;
    const payloadType = (packet[1] ?? 0) & 0x7f;
    if (stamp.stream !== this.stream || stamp.marker !== marker || payloadType !== this.#payloadType)
      return this.#wrong();
    const shift = (packet.readUInt32BE(4) - stamp.timestamp) >>> 0;
    const sequenceNumber = packet.readUInt16BE(2);
    this.packets += 1;
    if (this.#number === -1) {
      // A picture begins with a key frame: nothing before it could be decoded.
      if (this.kind === 'video' && !stamp.startsKeyFrame) this.faults.wrong += 1;
      this.#timestampShift = shift;
      this.#first = { number: stamp.number, sequenceNumber };
    } else {
      this.#compare(stamp.number);
      const isNext = sequenceNumber === ((this.#sequenceNumber + stamp.number - this.#number) & 0xffff);
      if (!isNext || shift !== this.#timestampShift) this.faults.wrong += 1;
    }
    if (this.kind === 'video') this.#checkPicture(packet, payloadAt);
    if (stamp.number > this.#number) {
      this.#number = stamp.number;
      this.#sequenceNumber = sequenceNumber;
    }
    if (this.kind === 'audio' || marker) this.firstFrameAtMs ??= nowMs;
    return stamp.sentAtMs;
  }

  /** To be called when everything has come: what its sender sent last is to have arrived. */
  end(sent: number): void {
    if (this.packets === 0) this.faults.lost += sent;
    else this.faults.lost += sent - 1 - this.#number;
  }

  #compare(number: number): void {
    if (number === this.#number) this.faults.doubled += 1;
    else if (number < this.#number) this.faults.reordered += 1;
    else this.faults.lost += number - this.#number - 1;
  }

  /** Picture ids count frames without a gap, whatever the SFU has made of them. */
  #checkPicture(packet: Buffer, payloadAt: number): void {
    if (((packet[payloadAt] ?? 0) & 0x10) === 0) return;
    const pictureId = packet.readUInt16BE(payloadAt + 2) & 0x7fff;
    const expected = (this.#pictureId + 1) & 0x7fff;
    if (this.#pictureId !== -1 && pictureId !== expected && this.faults.lost === 0) this.faults.wrong += 1;
    this.#pictureId = pictureId;
  }

  #wrong(): undefined {
    this.faults.wrong += 1;
    return undefined;
  }
}

/** Where the payload begins (RFC 3550, section 5.1). */
function payloadOf(packet: Buffer): number {
  const first = packet[0] ?? 0;
  const sources = 12 + 4 * (first & 0x0f);
  if ((first & 0x10) === 0) return sources;
  return sources + 4 + 4 * packet.readUInt16BE(sources + 2);
}
