import type { AiSession } from '../../machines/room.context.ts';
import type { RoomEvent } from '../../machines/room.events.ts';
import type { Delay, Service } from './states.ts';

/** What a room learns from within: how its services end, and that its times are over. */
export type Outcome =
  | { readonly type: 'xstate.done.actor.openVoice'; readonly output: AiSession }
  | { readonly type: 'xstate.done.actor.routeAudio'; readonly output: undefined }
  | { readonly type: `xstate.error.actor.${Service}`; readonly error: unknown }
  | { readonly type: `xstate.after.${Delay}.room.${string}` };

/** Everything that can happen to a room. */
export type Move = RoomEvent | Outcome;

/** XState knows the outcomes by their names alone; its types hold only what a caller may send. */
export const toEvent = (move: Move): RoomEvent => move as RoomEvent;

/** The rows of SPEC.md's table. */
export type EventType = RoomEvent['type'] | 'service done' | 'service failed' | 'timeout';

export function eventTypeOf(move: Move): EventType {
  const { type } = move;
  if (isOutcome(move)) {
    if (type.startsWith('xstate.done.')) return 'service done';
    return type.startsWith('xstate.error.') ? 'service failed' : 'timeout';
  }
  return move.type;
}

export const isOutcome = (move: Move): move is Outcome => move.type.startsWith('xstate.');

/** Where each time passes. */
const PLACES: Readonly<Record<Delay, string>> = {
  emptyRoomGrace: 'idle',
  aiConnectTimeout: 'aiConnecting',
  aiRouteTimeout: 'aiActive.granting',
  aiSessionLimit: 'aiActive',
};
export const DELAY_NAMES = Object.keys(PLACES) as readonly Delay[];

export const timeout = (delay: Delay): Outcome => ({ type: `xstate.after.${delay}.room.${PLACES[delay]}` });

/** The service or the time that an outcome is of. */
export const sourceOf = (outcome: Outcome): string =>
  outcome.type.split('.')[outcome.type.startsWith('xstate.after.') ? 2 : 3] ?? '';

/** For people, and different for all moves that differ. */
export function describeMove(move: Move): string {
  const { type, ...rest } = move;
  const readable = (_: string, value: unknown) => (value instanceof Error ? value.message : value);
  return `${type} ${JSON.stringify(rest, readable)}`;
}
