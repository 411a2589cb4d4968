import type { MediaTransport } from '../transport/session-transport.ts';
import type { RtcpPacket } from './rtcp-packet.ts';
import { writeRtcp } from './rtcp-writer.ts';

/** Below the 1,200 bytes that browsers take for what gets through everywhere, with room for SRTCP's tag and index. */
const MAX_COMPOUND_BYTES = 1_100;

/**
 * Gathers one session's RTCP and sends it as whole compounds: each begins with a report and names its senders, as RFC
 * 3550, section 6.1 asks, whether or not the peer has agreed to reduced sizes.
 */
export class RtcpOutbox {
  readonly #transport: MediaTransport;
  readonly #ssrc: number;
  readonly #cname: string;
  #parts: Buffer[] = [];
  #bytes = 0;
  #senders: number[] = [];

  constructor(transport: MediaTransport, ssrc: number, cname: string) {
    this.#transport = transport;
    this.#ssrc = ssrc;
    this.#cname = cname;
  }

  /** Reports are to be added before anything else. */
  add(packet: RtcpPacket): void {
    const bytes = writeRtcp(packet);
    const description = 12 + this.#cname.length;
    const reserve = 16 + description * (this.#senders.length + 2);
    if (this.#bytes + bytes.length + reserve > MAX_COMPOUND_BYTES) this.flush();
    if (this.#parts.length === 0 && packet.type !== 'sr' && packet.type !== 'rr') this.#begin();
    if (packet.type === 'sr' || packet.type === 'rr') this.#senders.push(packet.ssrc);
    this.#push(bytes);
  }

  flush(): void {
    if (this.#parts.length === 0) return;
    const chunks = [...new Set(this.#senders)].map((ssrc) => ({ ssrc, cname: this.#cname }));
    this.#push(writeRtcp({ type: 'sdes', chunks }));
    const compound = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#senders = [];
    this.#bytes = 0;
    this.#transport.sendRtcp(compound);
  }

  #begin(): void {
    this.#senders.push(this.#ssrc);
    this.#push(writeRtcp({ type: 'rr', ssrc: this.#ssrc, reports: [] }));
  }

  #push(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
  }
}
