import type { NodeConnection } from './node-connection.ts';

// What a connection of the load finds of its own in a frame.

/** A frame's number: so many decimal digits behind its marker. */
export const DIGITS = 8;
const FLAG = Buffer.from('"speaking":');
/** The flag is within so many bytes of the record's start. */
const RECORD_BYTES = 256;
const T = 0x74;

/** Whether one's own record says `speaking`; `undefined` when it is not there. */
export function flagIn({ marker }: NodeConnection, payload: Buffer): boolean | undefined {
  const record = marker === undefined ? -1 : payload.indexOf(marker);
  if (record < 0) return undefined;
  const found = payload.subarray(record, record + RECORD_BYTES).indexOf(FLAG);
  return found < 0 ? undefined : payload[record + found + FLAG.length] === T;
}

/** The number behind the marker; `undefined` when it is not there. */
export function numberIn(connection: NodeConnection, payload: Buffer): number | undefined {
  const { marker } = connection;
  if (marker === undefined) return undefined;
  const isAt = (at: number): boolean =>
    at >= 0 &&
    at + marker.length + DIGITS <= payload.length &&
    payload.compare(marker, 0, marker.length, at, at + marker.length) === 0;
  if (!isAt(connection.markerAt)) connection.markerAt = payload.indexOf(marker);
  if (!isAt(connection.markerAt)) return undefined;
  let number = 0;
  const start = connection.markerAt + marker.length;
  for (let index = start; index < start + DIGITS; index += 1)
    number = number * 10 + (payload[index] ?? 0) - 0x30;
  return number;
}
