import { pino } from 'pino';
import { ForwardingEngine, type EngineOptions } from '../../../src/sfu/media/forwarding-engine.ts';
import type { ForwardingSession } from '../../../src/sfu/media/forwarding-session.ts';
import type { Publication, StreamFormat, Subscription } from '../../../src/sfu/media/session-media.ts';
import type { RtcpPacket } from '../../../src/sfu/media/rtcp-packet.ts';
import { readRtcp } from '../../../src/sfu/media/rtcp-reader.ts';
import { writeRtcp } from '../../../src/sfu/media/rtcp-writer.ts';
import type { MediaTransport } from '../../../src/sfu/transport/session-transport.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { readRtp, type ReadRtp, rtp, type RtpFields, VIDEO, vp8 } from './rtp-builder.ts';

/** A transport whose encryption is a copy, and which does not let a nonce be used twice. */
export class FakeTransport implements MediaTransport {
  hasKeys = true;
  readonly datagrams: Buffer[] = [];
  readonly compounds: Buffer[] = [];
  readonly #nonces = new Set<string>();

  protectRtp(packet: Buffer): Buffer | undefined {
    if (!this.hasKeys) return undefined;
    const { ssrc, sequenceNumber } = readRtp(packet);
    const nonce = `${ssrc}/${sequenceNumber}`;
    if (this.#nonces.has(nonce)) throw new Error(`${nonce} is encrypted a second time`);
    this.#nonces.add(nonce);
    return Buffer.from(packet);
  }

  send(datagram: Buffer): void {
    this.datagrams.push(datagram);
  }

  sendRtcp(compound: Buffer): void {
    if (this.hasKeys) this.compounds.push(compound);
  }
}

/** A session with its transport: what its peer sends goes in here, and what the peer gets comes out. */
export class Peer {
  readonly transport = new FakeTransport();
  readonly media: ForwardingSession;
  readonly #clock: FakeClock;

  constructor(engine: ForwardingEngine, clock: FakeClock) {
    this.#clock = clock;
    this.media = engine.open(this.transport);
  }

  sends(packet: Buffer): void {
    this.media.receiveRtp(packet, this.#clock.now());
  }

  says(...packets: readonly RtcpPacket[]): void {
    this.media.receiveRtcp(Buffer.concat(packets.map(writeRtcp)), this.#clock.now());
  }

  /** What was sent to the peer since it was last asked. */
  got(): ReadRtp[] {
    return this.transport.datagrams.splice(0).map(readRtp);
  }

  /** The RTCP that was sent to the peer since it was last asked, of these types; each compound must be whole. */
  heard<T extends RtcpPacket['type']>(...types: readonly T[]): Extract<RtcpPacket, { type: T }>[] {
    const packets = this.transport.compounds.splice(0).flatMap((compound) => {
      const read = readRtcp(compound);
      if (read === undefined) throw new Error('A compound that cannot be read');
      return read;
    });
    return packets.filter((packet): packet is Extract<RtcpPacket, { type: T }> =>
      types.some((type) => type === packet.type),
    );
  }
}

/** An engine, its clock, and peers. */
export class MediaLab {
  readonly clock = new FakeClock();
  readonly engine: ForwardingEngine;
  readonly #peers: Peer[] = [];

  constructor(options: Partial<EngineOptions> = {}) {
    this.engine = new ForwardingEngine({ clock: this.clock, logger: pino({ level: 'silent' }), ...options });
  }

  peer(): Peer {
    const peer = new Peer(this.engine, this.clock);
    this.#peers.push(peer);
    return peer;
  }

  /** Lets time go by with a tick every 50 ms; `each` runs before each tick. */
  run(ms: number, each: () => void = () => {}): void {
    for (let passed = 0; passed < ms; passed += 50) {
      this.clock.advance(50);
      each();
      for (const { media } of this.#peers) media.tick(this.clock.now());
    }
  }
}

/** A camera: counts its packets, pictures and time on by itself. One packet is one picture. */
export class Camera {
  readonly ssrc: number;
  sequenceNumber: number;
  timestamp: number;
  pictureId: number;
  tl0: number;
  readonly #fields: RtpFields;

  constructor(ssrc: number, fields: RtpFields = {}, start = 100) {
    this.ssrc = ssrc;
    this.#fields = fields;
    this.sequenceNumber = start;
    this.timestamp = start * 1_000;
    this.pictureId = start;
    this.tl0 = start & 0xff;
  }

  /** The next picture, 3,000 ticks after the one before. */
  next(key = false, body = `${this.ssrc}:${this.sequenceNumber}`): Buffer {
    const payload = vp8({ pictureId: this.pictureId & 0x7fff, tl0: this.tl0 & 0xff, key, body });
    const packet = rtp({
      ssrc: this.ssrc,
      sequenceNumber: this.sequenceNumber,
      timestamp: this.timestamp,
      marker: true,
      payload,
      ...this.#fields,
    });
    this.sequenceNumber += 1;
    this.timestamp += 3_000;
    this.pictureId += 1;
    this.tl0 += 1;
    return packet;
  }
}

/** A track of one stream, announced by its SSRC. */
export const publishVideo = (peer: Peer, ssrc: number, mid = '0'): Publication =>
  peer.media.publish({ mid, format: VIDEO, ssrcs: [ssrc], rids: [] });

export function subscribe(
  peer: Peer,
  source: Publication,
  mid = '7',
  format: StreamFormat = VIDEO,
): Subscription {
  const subscription = peer.media.subscribe(mid, format);
  subscription.setSource(source);
  return subscription;
}

/** From each number to the next. */
export const deltas = (numbers: readonly number[]): number[] =>
  numbers.slice(1).map((number, i) => number - (numbers[i] ?? 0));
