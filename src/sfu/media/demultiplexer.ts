import type { Logger } from 'pino';
import { EXTENSION } from './header-extensions.ts';
import type { IncomingPacket } from './incoming-packet.ts';
import type { IngressStream } from './ingress-stream.ts';
import type { TrackPublication } from './track-publication.ts';

/** SSRCs that are learnt from packets, per session. A browser has one for each layer, and new ones when it takes a track anew. */
const MAX_LEARNT = 64;

/**
 * Finds the stream that a packet belongs to (RFC 9143, section 9.2): by its SSRC if that was announced or learnt, else
 * by MID and RID, else by payload type where only one track can be meant. Who has been found once is known by its SSRC
 * from then on.
 */
export class Demultiplexer {
  readonly #streams = new Map<number, IngressStream>();
  /** Oldest first. */
  readonly #learnt = new Set<number>();
  readonly #publications: TrackPublication[] = [];
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(publication: TrackPublication): void {
    this.#publications.push(publication);
    // Which layer an announced SSRC is of is not said: those of simulcast are learnt.
    if (publication.isSimulcast) return;
    for (const ssrc of publication.announcedSsrcs) {
      this.#learnt.delete(ssrc);
      const [stream] = publication.streams;
      if (stream !== undefined) this.#streams.set(ssrc, stream);
    }
  }

  remove(publication: TrackPublication): void {
    const at = this.#publications.indexOf(publication);
    if (at !== -1) this.#publications.splice(at, 1);
    for (const [ssrc, stream] of this.#streams) {
      if (!publication.streams.includes(stream)) continue;
      this.#streams.delete(ssrc);
      this.#learnt.delete(ssrc);
    }
  }

  /** The stream of an SSRC that RTCP names. */
  streamOf(ssrc: number): IngressStream | undefined {
    return this.#streams.get(ssrc);
  }

  find(packet: IncomingPacket): IngressStream | undefined {
    return this.#streams.get(packet.ssrc) ?? this.#learn(packet);
  }

  #learn(packet: IncomingPacket): IngressStream | undefined {
    let found: IngressStream | undefined;
    for (const publication of this.#publications) {
      const stream = streamIn(publication, packet);
      if (stream === undefined) continue;
      if (found !== undefined) return undefined;
      found = stream;
    }
    if (found !== undefined) this.#latch(packet.ssrc, found);
    return found;
  }

  /** Forgets the oldest that no stream has at present, rather than to grow without bound. */
  #latch(ssrc: number, stream: IngressStream): void {
    if (this.#learnt.size >= MAX_LEARNT) {
      for (const old of this.#learnt) {
        if (this.#streams.get(old)?.ssrc === old) continue;
        this.#streams.delete(old);
        this.#learnt.delete(old);
        break;
      }
      if (this.#learnt.size >= MAX_LEARNT) return;
    }
    this.#streams.set(ssrc, stream);
    this.#learnt.add(ssrc);
    this.#logger.debug({ ssrc, rid: stream.rid, codec: stream.format.codec }, 'A stream was learnt');
  }
}

/** The stream of this publication that a packet of an unknown SSRC may belong to. Retransmission streams never do. */
function streamIn(publication: TrackPublication, packet: IncomingPacket): IngressStream | undefined {
  const { format, mid, streams, isSimulcast } = publication;
  if (packet.payloadType !== format.payloadType) return undefined;
  const text = (uri: string): string | undefined =>
    packet.extensions.text(packet.buffer, format.extensions.get(uri) ?? 0);
  if (text(EXTENSION.repairedRid) !== undefined) return undefined;
  const said = text(EXTENSION.mid);
  if (said !== undefined && said !== mid) return undefined;
  if (!isSimulcast) return streams[0];
  const rid = text(EXTENSION.rid);
  return streams.find((stream) => stream.rid === rid);
}
