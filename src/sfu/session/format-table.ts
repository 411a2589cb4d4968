import { ApiError } from '../api/api-errors.ts';
import type { CodecName, MediaKind, StreamFormat } from '../media/session-media.ts';
import { codecNamed, CODECS, isSame, type Codec } from './codecs.ts';
import { isSent, MAX_EXTENSION_ID, receivedExtensions, sentExtensions } from './header-extensions.ts';
import type { LineFormat, RemoteLine } from './session-description.ts';

type Known = { readonly payloadType: number; readonly parameters: string };

/** Dynamic payload types: the usual range, then the one that RTP with RTCP multiplexed leaves free (RFC 5761, section 4). */
const DYNAMIC = [...range(96, 127), ...range(35, 63)];

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/**
 * The numbers of one session: which payload type is which codec, and which id is which header extension. They differ from
 * peer to peer (Firefox has VP8 as 120), belong to all bundled m-lines together (RFC 8843, section 10.1.2), and are never
 * given a second meaning: packets that are under way would be taken for something else.
 */
export class FormatTable {
  readonly #codecs = new Map<CodecName, Known>();
  readonly #payloadTypes = new Set<number>();
  readonly #extensions = new Map<string, number>();
  readonly #extensionIds = new Set<number>();
  /** Codecs and extensions that have their number from this side, and no peer has said it after us yet. */
  readonly #proposed = new Set<string>();

  /** Remembers what a peer's m-lines say. The first meaning stays, but for what was only proposed, in an offer that fell through. */
  learn(lines: readonly RemoteLine[]): void {
    for (const line of lines) {
      for (const { payloadType } of line.codecs) this.#payloadTypes.add(payloadType);
      for (const codec of CODECS) this.#learnCodec(codec, line);
      for (const [uri, id] of line.extensions) this.#learnExtension(uri, id);
    }
  }

  /** The first of our codecs that an offered m-line has; with `required`, that one or none. In the offer's own numbers. */
  choose(line: RemoteLine, required?: CodecName): LineFormat | undefined {
    for (const codec of CODECS) {
      if (codec.kind !== line.type || (required !== undefined && codec.name !== required)) continue;
      const offered = line.codecs.find((remote) => isSame(codec, remote));
      if (offered === undefined) continue;
      const wanted = receivedExtensions(codec.kind, line.rids.length > 0);
      const parameters = codec.name === 'H264' ? offered.parameters : codec.parameters;
      return format(codec, offered.payloadType, only(line.extensions, wanted), parameters);
    }
    return undefined;
  }

  /** How an m-line that this side offers says things. Throws `invalid_params` when the peer has left no number for it. */
  offer(name: CodecName): LineFormat {
    const codec = codecNamed(name);
    const { payloadType, parameters } = this.#codecs.get(name) ?? this.#number(codec);
    return format(codec, payloadType, this.#extensionsFor(codec.kind), parameters);
  }

  /** What is left of an offered format in the peer's answer; nothing when the peer does not take the codec. */
  answered({ stream, parameters }: LineFormat, line: RemoteLine): LineFormat | undefined {
    const codec = codecNamed(stream.codec);
    const taken = line.codecs.find((remote) => isSame(codec, remote));
    if (taken === undefined) return undefined;
    const extensions = new Map([...stream.extensions].filter(([uri, id]) => line.extensions.get(uri) === id));
    return format(codec, taken.payloadType, extensions, parameters);
  }

  #learnCodec(codec: Codec, { codecs }: RemoteLine): void {
    const remote = codecs.find((remote) => isSame(codec, remote));
    if (remote === undefined || !this.#isOpen(codec.name, this.#codecs)) return;
    const parameters = codec.name === 'H264' ? remote.parameters : codec.parameters;
    this.#proposed.delete(codec.name);
    this.#codecs.set(codec.name, { payloadType: remote.payloadType, parameters });
  }

  /** Of an extension that is never sent, only the id counts: a peer may name any number of them. */
  #learnExtension(uri: string, id: number): void {
    this.#extensionIds.add(id);
    if (!this.#isOpen(uri, this.#extensions)) return;
    this.#proposed.delete(uri);
    if (isSent(uri)) this.#extensions.set(uri, id);
    for (const [other, its] of this.#extensions)
      if (its === id && this.#proposed.delete(other)) this.#extensions.delete(other);
  }

  #isOpen(name: string, known: ReadonlyMap<string, unknown>): boolean {
    return !known.has(name) || this.#proposed.has(name);
  }

  #number(codec: Codec): Known {
    const free = [codec.usualPayloadType, ...DYNAMIC].find((number) => !this.#payloadTypes.has(number));
    if (free === undefined) {
      throw new ApiError('invalid_params', {
        description: `The peer has given a meaning to every payload type: there is none left for ${codec.name}`,
      });
    }
    const known = { payloadType: free, parameters: codec.parameters };
    this.#payloadTypes.add(free);
    this.#proposed.add(codec.name);
    this.#codecs.set(codec.name, known);
    return known;
  }

  #extensionsFor(kind: MediaKind): ReadonlyMap<string, number> {
    const numbered = new Map<string, number>();
    for (const uri of sentExtensions(kind)) {
      const id = this.#extensions.get(uri) ?? this.#numberExtension(uri);
      if (id !== undefined) numbered.set(uri, id);
    }
    return numbered;
  }

  #numberExtension(uri: string): number | undefined {
    const id = this.#freeExtensionId();
    if (id === undefined) return undefined;
    this.#extensions.set(uri, id);
    this.#extensionIds.add(id);
    this.#proposed.add(uri);
    return id;
  }

  #freeExtensionId(): number | undefined {
    return range(1, MAX_EXTENSION_ID).find((id) => !this.#extensionIds.has(id));
  }
}

const only = (extensions: ReadonlyMap<string, number>, uris: readonly string[]): Map<string, number> =>
  new Map([...extensions].filter(([uri]) => uris.includes(uri)));

function format(
  { name, kind, clockRate }: Codec,
  payloadType: number,
  extensions: ReadonlyMap<string, number>,
  parameters: string,
): LineFormat {
  const stream: StreamFormat = { kind, codec: name, payloadType, clockRate, extensions };
  return { stream, parameters };
}
