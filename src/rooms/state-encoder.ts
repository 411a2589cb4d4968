import { toAiState, toAiUser } from '../../machines/room.context.ts';
import { aiPhase, type RoomSnapshot } from '../../machines/room.machine.ts';
import type { JsonCache } from './json-cache.ts';

const INITIAL_BYTES = 64 * 1024;
/** A UTF-16 unit takes at most three bytes in UTF-8. */
const MAX_BYTES_PER_UNIT = 3;

/** A state's place: `seq` counts the states of one `epoch`. */
export type StatePlace = { readonly epoch: string; readonly seq: number };

const placeFields = ({ epoch, seq }: StatePlace): string => `"epoch":"${epoch}","seq":${seq}`;

/**
 * Writes `roomState` frames. Each user's JSON is made once per change of that user, then copied. Parts are written into
 * one kept buffer because at a thousand users flattening the joined string costs ten times the copying.
 *
 * One encoder serves all rooms of a process.
 */
export class StateEncoder {
  /** Each user's text, for whoever else writes it. */
  readonly json: JsonCache;
  #buffer = Buffer.allocUnsafe(INITIAL_BYTES);

  constructor(json: JsonCache) {
    this.json = json;
  }

  /**
   * The frame's bytes, valid until the next call.
   *
   * @param place - for clients that go on with patches: where in which sequence this state stands
   */
  encode(snapshot: Pick<RoomSnapshot, 'value' | 'context'>, place?: StatePlace): Uint8Array {
    const { context } = snapshot;
    const ai = JSON.stringify(toAiState(aiPhase(snapshot), context));
    const head = `{"type":"roomState","state":{"ai":${ai},"meetingId":${JSON.stringify(context.meetingId ?? '')},"users":[`;
    const parts = [head];
    let units = head.length;
    for (const user of context.users.values()) {
      const json = this.json.of(user);
      units += json.length + 1;
      parts.push(json);
    }
    if (context.session !== null) {
      const json = this.json.of(context.session, toAiUser);
      units += json.length + 1;
      parts.push(json);
    }
    return this.#write(parts, units, place === undefined ? ']}}' : `]},${placeFields(place)}}`);
  }

  #write(parts: readonly string[], units: number, tail: string): Uint8Array {
    const needed = (units + tail.length) * MAX_BYTES_PER_UNIT;
    if (this.#buffer.length < needed) this.#buffer = Buffer.allocUnsafe(needed * 2);
    const buffer = this.#buffer;
    let offset = buffer.write(parts[0] ?? '', 0);
    for (let index = 1; index < parts.length; index += 1) {
      if (index > 1) offset += buffer.write(',', offset, 'latin1');
      offset += buffer.write(parts[index] ?? '', offset);
    }
    offset += buffer.write(tail, offset, 'latin1');
    return buffer.subarray(0, offset);
  }
}
