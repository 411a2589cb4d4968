import { randomBytes } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { Path } from './path.ts';
import type { Candidate, IceCredentials } from './session-transport.ts';
import {
  ATTRIBUTE,
  encodeStun,
  errorCodeOf,
  hasIntegrity,
  STUN,
  type StunAttribute,
  type StunMessage,
} from './stun-message.ts';

/** What an agent needs of the session and the ports. */
export interface ControllingContext {
  readonly clock: Clock;
  readonly local: IceCredentials;
  /** The ways from the sockets here to an address there. */
  pathsTo(candidate: Candidate): Path[];
  /** Answers to a check find their agent by this; the transaction id is in hex. */
  expectResponse(transactionId: string, agent: IceControlling): void;
  forgetResponse(transactionId: string): void;
  /** The peer has answered on this way. Says whether there is room for it. */
  alive(path: Path): boolean;
  selected(path: Path): void;
}

type Pair = {
  path: Path;
  state: 'waiting' | 'checking' | 'failed';
  nominating: boolean;
  transactionId: Buffer;
  sent: number;
  dueAtMs: number;
};

/** RFC 8445, section 14.2: one check each 50 ms at most. */
const PACE_MS = 50;
/** RFC 8489, section 6.2.1: seven times, at doubling intervals; RFC 8445, section 14.3: from 500 ms. */
const FIRST_REPEAT_MS = 500;
const MAX_SENT = 7;
/** All have failed: the peer may not have been ready. */
const RETRY_MS = 3_000;
/** RFC 7675, section 5.1: about every 5 s, spread by a fifth; without an answer for 30 s there is no consent. */
const CONSENT_MS = 5_000;
const CONSENT_EXPIRES_MS = 30_000;
const MAX_PAIRS = 32;
/** Of a peer-reflexive candidate: RFC 8445, section 7.1.1. */
const CHECK_PRIORITY = 110 * 2 ** 24 + 65_535 * 2 ** 8 + 255;
const ROLE_CONFLICT = 487;

/**
 * ICE towards peers that do no checks of their own (RFC 8445): this side checks, nominates the first way that works, and asks for
 * consent ever after.
 */
export class IceControlling {
  readonly #context: ControllingContext;
  readonly #tieBreaker = randomBytes(8);
  #pairs: Pair[] = [];
  #remote: IceCredentials | undefined;
  #selected: Path | undefined;
  #controlling = true;
  #consent: Buffer | undefined;
  #consentAtMs = 0;
  #timer: unknown;
  #isClosed = false;

  constructor(context: ControllingContext) {
    this.#context = context;
  }

  get role(): 'controlling' | 'controlled' {
    return this.#controlling ? 'controlling' : 'controlled';
  }

  /** Another description: with other credentials it is an ICE restart, with other candidates there are more ways. */
  connect(remote: IceCredentials, candidates: readonly Candidate[]): void {
    if (this.#remote?.ufrag !== remote.ufrag || this.#remote.password !== remote.password) {
      this.#clear();
      this.#selected = undefined;
    }
    this.#remote = remote;
    const usable = candidates.filter(({ protocol, port }) => protocol === 'udp' && port > 0 && port < 65_536);
    const ranked = usable.toSorted((a, b) => b.priority - a.priority);
    for (const candidate of ranked) for (const path of this.#context.pathsTo(candidate)) this.#addPair(path);
    this.#schedule(0);
  }

  /** The peer has checked this way itself: so it may work in this direction too. */
  triggered(path: Path, nominated: boolean): void {
    this.#addPair(path);
    if (nominated && !this.#controlling) this.#select(path);
    else if (this.#selected === undefined) this.#schedule(0);
  }

  /** An answer to one of the checks; says whether it is genuine. */
  respond(message: StunMessage, path: Path): boolean {
    if (this.#remote === undefined || !hasIntegrity(message, this.#remote.password)) return false;
    if (this.#consent?.equals(message.transactionId) === true) {
      const isGranted = message.type === STUN.bindingSuccess && samePath(path, this.#selected);
      if (isGranted) this.#consentGiven();
      return isGranted;
    }
    const pair = this.#pairs.find(({ transactionId }) => transactionId.equals(message.transactionId));
    // An answer from another address than was asked is none (RFC 8445, section 7.2.5.2.1).
    if (pair?.state !== 'checking' || !samePath(path, pair.path)) return false;
    this.#forget(pair);
    // The port may know the way already, by a check of the peer's own: there is one object for it then.
    pair.path = path;
    if (message.type === STUN.bindingSuccess) this.#succeeded(pair);
    else this.#refused(pair, errorCodeOf(message));
    return true;
  }

  lost(path: Path): void {
    const lost = this.#pairs.filter((pair) => samePath(pair.path, path));
    for (const pair of lost) this.#forget(pair);
    this.#pairs = this.#pairs.filter((pair) => !lost.includes(pair));
    if (this.#selected === path) this.#restart();
  }

  close(): void {
    this.#isClosed = true;
    this.#clear();
    this.#context.clock.clearTimeout(this.#timer);
  }

  #addPair(path: Path): void {
    if (this.#pairs.length >= MAX_PAIRS || this.#pairs.some((pair) => samePath(pair.path, path))) return;
    const transactionId = Buffer.alloc(0);
    this.#pairs.push({ path, state: 'waiting', nominating: false, transactionId, sent: 0, dueAtMs: 0 });
  }

  #schedule(delayMs: number): void {
    const { clock } = this.#context;
    clock.clearTimeout(this.#timer);
    if (!this.#isClosed) this.#timer = clock.setTimeout(() => this.#tick(), delayMs);
  }

  #tick(): void {
    if (this.#selected !== undefined) this.#askConsent(this.#selected);
    else this.#check();
  }

  /** One check: a way that was not tried, or one whose answer is late. */
  #check(): void {
    const now = this.#context.clock.now();
    for (const pair of this.#pairs) {
      if (pair.state === 'checking' && pair.sent >= MAX_SENT && pair.dueAtMs <= now) this.#failed(pair);
    }
    const next =
      this.#pairs.find(({ state }) => state === 'waiting') ??
      this.#pairs.find(({ state, dueAtMs }) => state === 'checking' && dueAtMs <= now);
    if (next !== undefined) this.#send(next, now);
    if (next === undefined && this.#pairs.every(({ state }) => state === 'failed')) {
      for (const pair of this.#pairs) pair.state = 'waiting';
      this.#schedule(RETRY_MS);
      return;
    }
    this.#schedule(PACE_MS);
  }

  #send(pair: Pair, now: number): void {
    if (pair.state === 'waiting') this.#begin(pair);
    pair.path.send(this.#encodeCheck(pair.transactionId, pair.nominating));
    pair.dueAtMs = now + FIRST_REPEAT_MS * 2 ** pair.sent;
    pair.sent += 1;
  }

  #begin(pair: Pair): void {
    pair.state = 'checking';
    pair.sent = 0;
    pair.transactionId = randomBytes(12);
    this.#context.expectResponse(pair.transactionId.toString('hex'), this);
  }

  #succeeded(pair: Pair): void {
    if (!this.#context.alive(pair.path)) return this.#failed(pair);
    if (pair.nominating) return this.#select(pair.path);
    pair.state = 'waiting';
    if (this.#selected !== undefined || !this.#controlling) return;
    pair.nominating = true;
    this.#send(pair, this.#context.clock.now());
  }

  #refused(pair: Pair, code: number | undefined): void {
    if (code !== ROLE_CONFLICT) return this.#failed(pair);
    // The peer says that it is controlling as well, and its word counts (RFC 8445, section 7.2.5.1).
    this.#controlling = !this.#controlling;
    pair.state = 'waiting';
    pair.nominating = false;
  }

  #failed(pair: Pair): void {
    this.#forget(pair);
    pair.state = 'failed';
    pair.nominating = false;
  }

  #select(path: Path): void {
    for (const pair of this.#pairs) this.#failed(pair);
    this.#selected = path;
    this.#consentAtMs = this.#context.clock.now();
    this.#context.selected(path);
    this.#schedule(consentDelay());
  }

  #askConsent(selected: Path): void {
    if (this.#context.clock.now() - this.#consentAtMs >= CONSENT_EXPIRES_MS) return this.#restart();
    this.#forgetConsent();
    this.#consent = randomBytes(12);
    this.#context.expectResponse(this.#consent.toString('hex'), this);
    selected.send(this.#encodeCheck(this.#consent, this.#controlling));
    this.#schedule(consentDelay());
  }

  #consentGiven(): void {
    this.#forgetConsent();
    this.#consentAtMs = this.#context.clock.now();
    if (this.#selected !== undefined) this.#context.alive(this.#selected);
  }

  /** The way is gone: all are tried again, this one among them. */
  #restart(): void {
    this.#forgetConsent();
    this.#selected = undefined;
    for (const pair of this.#pairs) pair.state = 'waiting';
    this.#schedule(0);
  }

  #encodeCheck(transactionId: Buffer, nominating: boolean): Buffer {
    const { local } = this.#context;
    const remote = this.#remote ?? local;
    const priority = Buffer.alloc(4);
    priority.writeUInt32BE(CHECK_PRIORITY);
    const attributes: StunAttribute[] = [
      [ATTRIBUTE.username, Buffer.from(`${remote.ufrag}:${local.ufrag}`)],
      [ATTRIBUTE.priority, priority],
      [ATTRIBUTE[this.role], this.#tieBreaker],
    ];
    if (nominating && this.#controlling) attributes.push([ATTRIBUTE.useCandidate, Buffer.alloc(0)]);
    return encodeStun(STUN.bindingRequest, transactionId, attributes, remote.password);
  }

  #clear(): void {
    for (const pair of this.#pairs) this.#forget(pair);
    this.#forgetConsent();
    this.#pairs = [];
  }

  #forget(pair: Pair): void {
    this.#context.forgetResponse(pair.transactionId.toString('hex'));
  }

  #forgetConsent(): void {
    if (this.#consent !== undefined) this.#context.forgetResponse(this.#consent.toString('hex'));
    this.#consent = undefined;
  }
}

const consentDelay = (): number => CONSENT_MS * (0.8 + 0.4 * Math.random());

const samePath = (one: Path, other: Path | undefined): boolean =>
  other !== undefined &&
  one.protocol === other.protocol &&
  one.remotePort === other.remotePort &&
  one.remoteAddress === other.remoteAddress &&
  one.localAddress === other.localAddress;
