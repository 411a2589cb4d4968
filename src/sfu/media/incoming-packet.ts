import type { CarriedIds } from './egress-extensions.ts';
import { RtpPacket } from './rtp-packet.ts';
import { Vp8Descriptor } from './vp8.ts';

const NO_IDS: CarriedIds = { audioLevel: 0, videoOrientation: 0 };

/** A packet on its way through: what all its subscribers need to know of it is found out once. */
export class IncomingPacket extends RtpPacket {
  readonly vp8 = new Vp8Descriptor();
  receivedAtMs = 0;
  /** The time of sending on, as abs-send-time has it: it is sent on in the turn in which it came. */
  absSendTime = 0;
  /** Never wraps, unlike the sequence number. */
  index = 0;
  startsFrame = false;
  /** A subscriber can begin with this packet; with audio, it can with each. */
  startsKeyFrame = false;
  ids = NO_IDS;
}
