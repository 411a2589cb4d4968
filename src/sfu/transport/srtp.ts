import { guessPacketIndex } from './packet-index.ts';
import { ReplayWindow } from './replay-window.ts';
import { rtpHeaderLength } from './rtp-header-length.ts';
import { SrtpCounterMode } from './srtp-cm.ts';
import { SrtpGcm } from './srtp-gcm.ts';
import { deriveSrtpKeys, type SrtpMasterKey, type SrtpProfile } from './srtp-keys.ts';
import { RTCP_CLEAR_BYTES, SRTCP_ENCRYPTED, type SrtpTransform } from './srtp-transform.ts';

/** Why a packet was not decrypted. */
export type SrtpRefusal = 'malformed' | 'replayed' | 'forged' | 'tooManyStreams';

/**
 * A stream that has been given up keeps its place: dropping its state would let a nonce be used twice, or an old packet be
 * played back. So streams are refused, not evicted, and the limits are far above what one session comes to in a day.
 */
const MAX_SENT_STREAMS = 4096;
const MAX_RECEIVED_STREAMS = 1024;
/** Forwarded packets may be as late as their publisher's network made them; a retransmission is no new packet. */
const SENT_WINDOW = 1024;
/** What is asked for again comes after hundreds of packets of a picture: as wide as media look back, and as browsers have it. */
const RECEIVED_WINDOW = 1024;
/** The SRTCP index has 31 bits and must not wrap under one key (RFC 3711, section 9.2). */
const MAX_SRTCP_INDEX = 0x7fff_ffff;

function transform(profile: SrtpProfile, master: SrtpMasterKey): SrtpTransform {
  const keys = deriveSrtpKeys(profile, master);
  return profile === 'aead-aes-128-gcm' ? new SrtpGcm(keys) : new SrtpCounterMode(keys);
}

/** Encrypts what goes to a peer. */
export class SrtpSender {
  readonly #transform: SrtpTransform;
  readonly #sent = new Map<number, ReplayWindow>();
  #rtcpIndex = 0;

  constructor(profile: SrtpProfile, master: SrtpMasterKey) {
    this.#transform = transform(profile, master);
  }

  /** Nothing for what is no RTP, and for a packet that would use a nonce for the second time. */
  protectRtp(packet: Buffer): Buffer | undefined {
    const headerLength = rtpHeaderLength(packet);
    if (headerLength === undefined) return undefined;
    const ssrc = packet.readUInt32BE(8);
    const window = this.#windowOf(ssrc);
    if (window === undefined) return undefined;
    const index = guessPacketIndex(window.highest, packet.readUInt16BE(2));
    if (!window.isNew(index)) return undefined;
    window.remember(index);
    return this.#transform.sealRtp(packet, headerLength, ssrc, index);
  }

  /** Nothing for what is no RTCP. */
  protectRtcp(compound: Buffer): Buffer | undefined {
    if (compound.length < RTCP_CLEAR_BYTES || this.#rtcpIndex >= MAX_SRTCP_INDEX) return undefined;
    // One counter for all senders' SSRCs of this side: what matters is that it never repeats for one of them.
    this.#rtcpIndex += 1;
    return this.#transform.sealRtcp(compound, this.#rtcpIndex);
  }

  #windowOf(ssrc: number): ReplayWindow | undefined {
    let window = this.#sent.get(ssrc);
    if (window === undefined && this.#sent.size < MAX_SENT_STREAMS) {
      window = new ReplayWindow(SENT_WINDOW);
      this.#sent.set(ssrc, window);
    }
    return window;
  }
}

/** Decrypts what comes from a peer. A stream is remembered once one of its packets was genuine. */
export class SrtpReceiver {
  readonly #transform: SrtpTransform;
  readonly #rtp = new Map<number, ReplayWindow>();
  readonly #rtcp = new Map<number, ReplayWindow>();

  constructor(profile: SrtpProfile, master: SrtpMasterKey) {
    this.#transform = transform(profile, master);
  }

  /** Decrypts in place: the answer is a part of `datagram`, which may no longer be used when the answer is a refusal. */
  unprotectRtp(datagram: Buffer): Buffer | SrtpRefusal {
    const headerLength = rtpHeaderLength(datagram);
    if (headerLength === undefined || datagram.length < headerLength + this.#transform.rtpOverhead) {
      return 'malformed';
    }
    const ssrc = datagram.readUInt32BE(8);
    const known = this.#rtp.get(ssrc);
    const index = guessPacketIndex(known?.highest ?? -1, datagram.readUInt16BE(2));
    if (known?.isNew(index) === false) return 'replayed';
    if (known === undefined && this.#rtp.size >= MAX_RECEIVED_STREAMS) return 'tooManyStreams';
    const packet = this.#transform.openRtp(datagram, headerLength, ssrc, index);
    if (packet === undefined) return 'forged';
    (known ?? remembered(this.#rtp, ssrc)).remember(index);
    return packet;
  }

  /** As `unprotectRtp`. What is not encrypted is refused as a forgery: no peer of WebRTC sends it. */
  unprotectRtcp(datagram: Buffer): Buffer | SrtpRefusal {
    if (datagram.length < RTCP_CLEAR_BYTES + this.#transform.rtcpOverhead) return 'malformed';
    const word = this.#transform.rtcpIndexWord(datagram);
    if (word < SRTCP_ENCRYPTED) return 'forged';
    const index = word - SRTCP_ENCRYPTED;
    const ssrc = datagram.readUInt32BE(4);
    const known = this.#rtcp.get(ssrc);
    if (known?.isNew(index) === false) return 'replayed';
    if (known === undefined && this.#rtcp.size >= MAX_RECEIVED_STREAMS) return 'tooManyStreams';
    const compound = this.#transform.openRtcp(datagram);
    if (compound === undefined) return 'forged';
    (known ?? remembered(this.#rtcp, ssrc)).remember(index);
    return compound;
  }
}

function remembered(windows: Map<number, ReplayWindow>, ssrc: number): ReplayWindow {
  const window = new ReplayWindow(RECEIVED_WINDOW);
  windows.set(ssrc, window);
  return window;
}
