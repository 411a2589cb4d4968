/** What one receiver says of one stream (RFC 3550, section 6.4.1). */
export type ReportBlock = {
  readonly ssrc: number;
  /** In 256ths. */
  readonly fractionLost: number;
  /** Signed, 24 bits: duplicates make it negative. */
  readonly cumulativeLost: number;
  readonly highestSequence: number;
  /** In units of the stream's clock. */
  readonly jitter: number;
  /** The middle 32 bits of the last sender report's NTP time, and how long ago it came in 65,536ths of a second. */
  readonly lastSr: number;
  readonly delaySinceLastSr: number;
};

export type SenderReport = {
  readonly type: 'sr';
  readonly ssrc: number;
  readonly ntpSeconds: number;
  readonly ntpFraction: number;
  readonly rtpTime: number;
  readonly packetCount: number;
  readonly octetCount: number;
  readonly reports: readonly ReportBlock[];
};

/**
 * The RTCP that is understood: RFC 3550 (reports, description, goodbye), RFC 4585 (NACK, PLI), RFC 5104 (FIR) and
 * draft-alvestrand-rmcat-remb-03 (REMB, bits per second).
 */
export type RtcpPacket =
  | SenderReport
  | { readonly type: 'rr'; readonly ssrc: number; readonly reports: readonly ReportBlock[] }
  | { readonly type: 'sdes'; readonly chunks: readonly { readonly ssrc: number; readonly cname: string }[] }
  | { readonly type: 'bye'; readonly ssrcs: readonly number[] }
  | {
      readonly type: 'nack';
      readonly senderSsrc: number;
      readonly mediaSsrc: number;
      readonly sequenceNumbers: readonly number[];
    }
  | { readonly type: 'pli'; readonly senderSsrc: number; readonly mediaSsrc: number }
  | {
      readonly type: 'fir';
      readonly senderSsrc: number;
      readonly requests: readonly { readonly ssrc: number; readonly sequence: number }[];
    }
  | {
      readonly type: 'remb';
      readonly senderSsrc: number;
      readonly bitrate: number;
      readonly ssrcs: readonly number[];
    };

/** Packet types and feedback formats on the wire. */
export const PT = { sr: 200, rr: 201, sdes: 202, bye: 203, rtpfb: 205, psfb: 206 } as const;
export const FMT = { nack: 1, pli: 1, fir: 4, application: 15 } as const;

/** "REMB". */
export const REMB_ID = 0x52454d42;

/** The count in an RTCP header has five bits. */
export const MAX_COUNT = 31;
