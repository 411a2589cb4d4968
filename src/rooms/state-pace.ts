/**
 * What sending one frame to one client costs the process, roughly: a system call, with caches as they are in a meeting that
 * sends some times a second (8 µs; 4 at full load), and the copying of its bytes.
 */
const MS_PER_SEND = 0.008;
const MS_PER_BYTE = 0.6e-6;

/** The share of a core that one room's states may take before its changes are gathered for longer. */
const SHARE = 0.01;

/** Gathering for less than this is not worth a timer: small rooms, and those without many changes, never wait. */
const LEAST_MS = 20;
/**
 * How long the changes of a room are gathered after a state, so that a big room does not send a full state to everybody for
 * each of a hundred changes a second: as long as its states would otherwise take more than a share of a core.
 *
 * @param sends - clients that the last state was sent to
 * @param bytes - of all of it together
 * @param maxMs - longer than that is too long, whatever it costs
 */
export function paceMs(sends: number, bytes: number, maxMs: number): number {
  const wanted = (sends * MS_PER_SEND + bytes * MS_PER_BYTE) / SHARE;
  return wanted < LEAST_MS ? 0 : Math.min(wanted, maxMs);
}
