import assert from 'node:assert/strict';
import type { RoomMachine, RoomSnapshot } from '../../machines/room.machine.ts';
import { SESSION } from './cast.ts';
import { assertSound } from './invariants.ts';
import { Model, type Step } from './model.ts';
import { describeMove, type Move } from './moves.ts';
import { keyOf, type Edge } from './tour.ts';

/** A step that the system under test is to take, and what must come of it. */
export type Task = { readonly move: Move; readonly before: RoomSnapshot; readonly step: Step };

/** Something that behaves like a room. */
export interface Driver {
  /** Makes it happen, and rejects if anything else comes of it than the model says. */
  perform(task: Task): Promise<void>;
  /** Ends the room, and rejects if anything is left of it. */
  end(): Promise<void>;
}

/** Goes a walk with a driver and the model side by side. */
export async function drive(machine: RoomMachine, walk: readonly Edge[], driver: Driver): Promise<void> {
  const model = new Model(machine);
  let before = model.initial;
  const said: string[] = [];
  for (const [index, edge] of walk.entries()) {
    const move = numbered(edge.move, index);
    said.push(`${describeMove(move)}  // ${edge.state} → ${edge.toState}`);
    try {
      const step = model.step(before, move);
      assert.equal(keyOf(step.snapshot), edge.to, 'what the graph does not tell apart matters after all');
      assertSound(before, move, step);
      await driver.perform({ move, before, step });
      before = step.snapshot;
    } catch (error) {
      throw new Error(`${String(error)}\nafter this walk:\n${said.join('\n')}`, { cause: error });
    }
  }
  await driver.end();
}

/** Meetings and calls with names of their own, so that none is taken for an earlier one. */
function numbered(move: Move, index: number): Move {
  if (move.type === 'user.joined' || move.type === 'room.restored') {
    return { ...move, meetingId: `meeting-${index}` };
  }
  if (move.type !== 'xstate.done.actor.openVoice') return move;
  return { ...move, output: { ...SESSION, sessionId: `sfu-ai-${index}`, callId: `call-${index}` } };
}
