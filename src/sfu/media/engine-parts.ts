import type { Logger } from 'pino';
import type { Clock } from '../../clock.ts';
import type { IncomingPacket } from './incoming-packet.ts';
import type { OutgoingBuffer } from './outgoing-buffer.ts';
import type { RateMeter } from './rate-meter.ts';
import type { MediaTotals } from './session-media.ts';

/** What all sessions of an engine share. Packets are handled one after the other, so that one buffer does for all. */
export type EngineParts = {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxVideoBps: number;
  readonly incoming: IncomingPacket;
  readonly outgoing: OutgoingBuffer;
  readonly egress: RateMeter;
  readonly totals: { -readonly [K in keyof MediaTotals]: number };
};
