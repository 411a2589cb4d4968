import { ApiError } from '../api/api-errors.ts';
import type { Description } from '../api/api-schema.ts';
import type { CodecName, SessionMedia } from '../media/session-media.ts';
import type { SessionTransport } from '../transport/session-transport.ts';
import { codecNamed } from './codecs.ts';
import { FormatTable } from './format-table.ts';
import { MediaLine, type LocalTrack, type RemoteTrack } from './media-line.ts';
import { MediaLines } from './media-lines.ts';
import { PendingOffer } from './pending-offer.ts';
import { readDescription } from './sdp-reader.ts';
import { writeDescription } from './sdp-writer.ts';
import type { LocalLine, Msid, RemoteDescription, RemoteLine, Setup } from './session-description.ts';

export type NegotiationDeps = {
  readonly transport: SessionTransport;
  readonly media: SessionMedia;
  /** Towards peers that are full ICE this side is lite; a lite peer needs the opposite. */
  readonly isLite: boolean;
  /** `sess-id` of this side's descriptions. */
  readonly id: string;
  readonly maxBitrateBps: number;
  readonly newId: () => string;
};

const PROTOCOL = 'UDP/TLS/RTP/SAVPF';

const misfit = (description: string): ApiError =>
  new ApiError('invalid_session_description', { description });

const isMedia = (type: string): boolean => type === 'audio' || type === 'video';

/**
 * The offer/answer exchange of one session (RFC 8829, RFC 3264) with the m-lines that it is about. One exchange at a time, and
 * all calls are synchronous: whoever uses it serialises what waits in between.
 */
export class Negotiation {
  readonly lines = new MediaLines();
  readonly #deps: NegotiationDeps;
  readonly #formats = new FormatTable();
  #pending: PendingOffer | undefined = undefined;
  /** Its order matters: the first owns the transport, so it is kept, and others only ever follow (RFC 8843, section 7.5). */
  #bundle: readonly string[] = [];
  #dtlsRole: 'client' | 'server' | undefined = undefined;
  #version = 0;

  constructor(deps: NegotiationDeps) {
    this.#deps = deps;
  }

  /** Whether an offer of this side waits for its answer. */
  get isOffering(): boolean {
    return this.#pending !== undefined;
  }

  /**
   * Reads a peer's offer and checks that it continues this session. Nothing changes yet, and nothing at all if it throws
   * `invalid_session_description`.
   */
  readOffer({ type, sdp }: Description): RemoteDescription {
    if (type !== 'offer') throw misfit('An offer was expected');
    const remote = readDescription(sdp);
    const agreed = this.#pending?.before(this.lines.all) ?? this.lines.all;
    if (remote.lines.length < agreed.length) throw misfit('The offer has fewer m-lines than the session');
    for (const [index, line] of agreed.entries()) {
      const { mid, type } = remote.lines[index] ?? {};
      if (line.isRejected) continue;
      if (line.mid !== mid || line.type !== type) throw misfit(`The m-line ${line.mid} is not in its place`);
    }
    return remote;
  }

  /**
   * Takes an offer over. An unanswered one of this side is rolled back first: a peer that offers has not applied it, or has
   * rolled it back too.
   */
  accept(remote: RemoteDescription): void {
    this.rollBack();
    this.#formats.learn(remote.lines);
    for (const [index, line] of remote.lines.entries()) {
      const isOpen = !line.isRejected && isMedia(line.type) && remote.bundle.includes(line.mid);
      this.#acceptLine(index, line, isOpen);
    }
    this.#bundle = remote.bundle.filter((mid) => this.lines.byMid(mid)?.isRejected === false);
    this.#connect(remote, this.#dtlsRole ?? 'server');
  }

  /** Lets an offered m-line carry this codec, if the offer has it there. */
  chooseCodec(line: MediaLine, remote: RemoteDescription, codec: CodecName): boolean {
    const offered = remote.lines.find(({ mid }) => mid === line.mid);
    const format = offered && this.#formats.choose(offered, codec);
    if (offered === undefined || format === undefined || line.isRejected) return false;
    line.hear(offered, format);
    return true;
  }

  /** Answers the offer that was taken over, with what has been put on its m-lines since. */
  answer(): Description {
    const lines = this.lines.all.map((line) => line.describe(line.agreed));
    const sdp = this.#write(lines, this.#dtlsRole === 'client' ? 'active' : 'passive', this.#bundle);
    for (const line of this.lines.all) line.settle();
    return { type: 'answer', sdp };
  }

  /** Puts a track to be sent onto an m-line of the next offer: one that is idle, or another. */
  offerRemote(remote: RemoteTrack): MediaLine {
    const waiting = this.#pending?.take(remote);
    if (waiting !== undefined) return waiting;
    const { codec } = remote.track.publication.format;
    const reused = this.lines.reusable(codec);
    const line = reused ?? this.#addLine(codec);
    if (reused !== undefined) this.#begin().reuses(reused);
    line.peer = { sends: false, receives: true };
    // The name is new each time: two m-lines with one msid are an error to Chromium ("Duplicate a=msid lines"). The stream is
    // the publisher, so that browsers keep its sound and its picture together.
    this.sendOn(line, { stream: remote.sessionId, track: this.#deps.newId() });
    line.source(remote);
    return line;
  }

  /** Puts a track to be received onto a new m-line of the next offer. */
  offerLocal(codec: CodecName, local: LocalTrack): MediaLine {
    const line = this.#addLine(codec);
    line.publish(local);
    line.peer = { sends: true, receives: local.isBidirectional };
    if (local.isBidirectional) this.sendOn(line);
    return line;
  }

  /** Makes an m-line one that is sent on. */
  sendOn(line: MediaLine, msid: Msid = { stream: this.#deps.newId(), track: this.#deps.newId() }): void {
    if (line.format === undefined) throw new Error(`m-line ${line.mid} is rejected`);
    line.sendBy(line.subscription ?? this.#deps.media.subscribe(line.mid, line.format.stream), msid);
  }

  /** The offer with all m-lines. Said again when more is offered before the answer: it holds what the one before held. */
  offer(): Description {
    this.#begin().announce();
    const lines = this.lines.all.map((line) => line.describe(line.wanted));
    const open = this.lines.all.filter(({ isRejected }) => !isRejected).map(({ mid }) => mid);
    const kept = this.#bundle.filter((mid) => open.includes(mid));
    const bundle = [...kept, ...open.filter((mid) => !kept.includes(mid))];
    return { type: 'offer', sdp: this.#write(lines, 'actpass', bundle) };
  }

  /** Takes the answer to the offer over. Throws `invalid_session_description`, and the offer waits on then. */
  receiveAnswer({ type, sdp }: Description): void {
    if (type !== 'answer') throw misfit('An answer was expected');
    if (this.#pending === undefined) {
      throw new ApiError('invalid_session_description', {
        description: 'There is no offer that waits for an answer',
        subcode: 'invalid_modification_stable',
      });
    }
    const remote = readDescription(sdp);
    const { all } = this.lines;
    const fits =
      remote.lines.length === all.length && all.every(({ mid }, i) => remote.lines[i]?.mid === mid);
    if (!fits) throw misfit('The answer does not have the m-lines of the latest offer');
    const { setup } = remote.transport ?? {};
    if (setup === 'actpass') throw misfit('An answer must say active or passive');
    this.#pending = undefined;
    this.#formats.learn(remote.lines);
    for (const [index, line] of all.entries()) this.#hearAnswer(line, remote.lines[index], remote.bundle);
    this.#bundle = remote.bundle;
    this.#connect(remote, 'server');
    for (const line of all) line.settle();
  }

  /** Gives up an offer that was not answered, and what it would have begun. */
  rollBack(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending === undefined) return;
    this.lines.restore(pending.before(this.lines.all));
    pending.end();
  }

  #begin(): PendingOffer {
    return (this.#pending ??= new PendingOffer());
  }

  #addLine(name: CodecName): MediaLine {
    const format = this.#formats.offer(name);
    const formats = String(format.stream.payloadType);
    const line = new MediaLine(this.lines.newMid(), codecNamed(name).kind, PROTOCOL, formats, format);
    const index = this.lines.freeIndex();
    this.#begin().adds(line, this.lines.all[index]);
    this.lines.put(index, line);
    return line;
  }

  #acceptLine(index: number, remote: RemoteLine, isOpen: boolean): void {
    const { mid, type, protocol, formats } = remote;
    const known = this.lines.all[index];
    const format = isOpen ? this.#formats.choose(remote, known?.format?.stream.codec) : undefined;
    if (known?.isRejected === false) {
      if (format === undefined) known.reject();
      else known.hear(remote, format);
      return;
    }
    const line = new MediaLine(mid, type, protocol, formats, format);
    if (format !== undefined) line.hear(remote, format);
    this.lines.put(index, line);
  }

  #hearAnswer(line: MediaLine, answer: RemoteLine | undefined, bundle: readonly string[]): void {
    if (line.format === undefined) return;
    const isTaken = answer?.isRejected === false && bundle.includes(line.mid);
    const format = isTaken ? this.#formats.answered(line.format, answer) : undefined;
    if (answer === undefined || format === undefined) line.reject();
    else line.hearAnswer(answer, format);
  }

  /** A peer that leaves the choice gets the one that was made before, so that the association lives on. */
  #connect({ transport }: RemoteDescription, preferred: 'client' | 'server'): void {
    if (transport === undefined) return;
    const { setup, ice, candidates, fingerprint } = transport;
    const dtlsRole = setup === 'actpass' ? preferred : setup === 'active' ? 'server' : 'client';
    this.#dtlsRole = dtlsRole;
    this.#deps.transport.connect({ ice, candidates, fingerprint, dtlsRole });
  }

  #write(lines: readonly LocalLine[], setup: Setup, bundle: readonly string[]): string {
    const { id, isLite, transport, maxBitrateBps } = this.#deps;
    this.#version += 1;
    const version = this.#version;
    return writeDescription({
      id,
      version,
      isLite,
      bundle,
      setup,
      transport: transport.local,
      lines,
      maxBitrateBps,
    });
  }
}
