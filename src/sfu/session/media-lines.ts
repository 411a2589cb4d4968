import type { CodecName } from '../media/session-media.ts';
import type { MediaLine } from './media-line.ts';

/** As browsers count their mids; what has more digits comes from elsewhere. */
const COUNTED = /^\d{1,9}$/;

/**
 * The m-lines of a session in their order, which never changes: both sides know them by their place (RFC 8829, section
 * 5.2.2). A place is given away only when its m-line has been rejected.
 */
export class MediaLines {
  readonly #lines: MediaLine[] = [];
  /** Above every number that this session has seen as a mid, also of m-lines that are gone. */
  #nextMid = 0;

  get all(): readonly MediaLine[] {
    return this.#lines;
  }

  byMid(mid: string): MediaLine | undefined {
    return this.#lines.find((line) => line.mid === mid);
  }

  /** By its own mid, or as the API has it, by `#` and the name of what the peer publishes on it. */
  find(mid: string): MediaLine | undefined {
    if (!mid.startsWith('#')) return this.byMid(mid);
    const named = this.#lines.filter(({ local }) => local?.name === mid.slice(1));
    // A track that was collected may have been published anew, on another m-line.
    return named.find(({ local }) => local?.track?.isClosed !== true) ?? named[0];
  }

  put(index: number, line: MediaLine): void {
    this.#lines[index] = line;
    if (COUNTED.test(line.mid)) this.#nextMid = Math.max(this.#nextMid, Number(line.mid) + 1);
  }

  /** Goes back to the m-lines of an earlier time. Mids stay taken. */
  restore(lines: readonly MediaLine[]): void {
    this.#lines.splice(0, this.#lines.length, ...lines);
  }

  /** A mid that this session has never seen: browsers count too, and also what was taken back may be under way. */
  newMid(): string {
    while (this.byMid(String(this.#nextMid)) !== undefined) this.#nextMid += 1;
    const mid = String(this.#nextMid);
    this.#nextMid += 1;
    return mid;
  }

  /**
   * Where a new m-line of this side goes. Never to the first place: Chromium ties its transport to that m-line, and answers a
   * recycled one with "Failed to setup RTCP mux", or with two transports.
   */
  freeIndex(): number {
    const index = this.#lines.findIndex(({ isRejected }, index) => isRejected && index > 0);
    return index === -1 ? this.#lines.length : index;
  }

  reusable(codec: CodecName): MediaLine | undefined {
    return this.#lines.find(({ format, isReusable }) => isReusable && format?.stream.codec === codec);
  }
}
