/** NAL unit types (RFC 6184, table 1; ITU-T H.264, table 7-1). */
const IDR = 5;
const SPS = 7;
const STAP_A = 24;
const FU_A = 28;

const isKey = (head: number): boolean => (head & 0x1f) === SPS || (head & 0x1f) === IDR;

/**
 * Whether a packet begins a key frame: with the parameter set that browsers send in front of each, or with the picture itself
 * where the parameters are in the description.
 */
export function startsH264KeyFrame(buffer: Buffer, offset: number, length: number): boolean {
  if (length < 2) return false;
  const head = buffer[offset] ?? 0;
  const type = head & 0x1f;
  if (type === STAP_A) return anyKey(buffer, offset + 1, offset + length);
  if (type !== FU_A) return isKey(head);
  const fragment = buffer[offset + 1] ?? 0;
  return (fragment & 0x80) !== 0 && isKey(fragment);
}

/** Looks through the units of one aggregate: each has its size in two bytes before it. */
function anyKey(buffer: Buffer, start: number, end: number): boolean {
  for (let at = start; at + 3 <= end;) {
    const size = buffer.readUInt16BE(at);
    if (size === 0 || at + 2 + size > end) return false;
    if (isKey(buffer[at + 2] ?? 0)) return true;
    at += 2 + size;
  }
  return false;
}
