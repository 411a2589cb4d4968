const CYCLE = 0x1_0000;
const HALF = 0x8000;

/**
 * The 48-bit index of an RTP packet: the sequence number with the count of its wraps, guessed as the one nearest to the
 * highest index known (RFC 3711, section 3.3.1 and appendix A). `highest` is -1 before the first packet.
 */
export function guessPacketIndex(highest: number, sequenceNumber: number): number {
  if (highest < 0) return sequenceNumber;
  const last = highest % CYCLE;
  const cycleStart = highest - last;
  if (last < HALF) {
    // Before the first wrap there is no earlier cycle that the packet could be of.
    return sequenceNumber - last > HALF && cycleStart > 0
      ? cycleStart - CYCLE + sequenceNumber
      : cycleStart + sequenceNumber;
  }
  return last - HALF > sequenceNumber ? cycleStart + CYCLE + sequenceNumber : cycleStart + sequenceNumber;
}

/** How often the sequence number of this index has wrapped: SRTP's rollover counter. */
export const rolloverCount = (index: number): number => Math.floor(index / CYCLE);
