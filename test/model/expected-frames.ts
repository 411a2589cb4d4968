import { closeFor, TIMED_OUT, USER_LEFT, type Close } from '../../src/protocol/close-codes.ts';
import { ERRORS } from '../../src/errors.ts';
import type { RoomEffect } from '../../machines/room.events.ts';
import type { Person } from './cast.ts';
import type { Task } from './drive.ts';
import { ANSWER } from './hand-voice.ts';
import { viewOf } from './invariants.ts';

/** What one socket gets of one step. */
export type Heard = { readonly frames: readonly unknown[]; readonly end?: Close | undefined };

/** What every user's socket must get of a step: exactly this, in this order; a user who is not named, nothing. */
export function expectedOf({ move, before, step: { snapshot, effects } }: Task): ReadonlyMap<Person, Heard> {
  const here = new Set([...before.context.users.keys(), ...snapshot.context.users.keys()] as Person[]);
  const stateFrame = { type: 'roomState', state: viewOf(snapshot) };
  return new Map(
    [...here].map((id) => {
      const frames = effects.flatMap((effect) => frameOf(effect, id) ?? []);
      const stays = snapshot.context.users.has(id);
      const isNews =
        effects.some(({ type }) => type === 'room.changed') || comesBack(move, id, before.context.users);
      return [id, { frames: isNews && stays ? [...frames, stateFrame] : frames, end: endOf(effects, id) }];
    }),
  );
}

/** Whose page connects again, or comes back to a room that was restored: it gets a state of its own. */
const comesBack = (move: Task['move'], id: Person, users: ReadonlyMap<string, unknown>): boolean =>
  (move.type === 'user.joined' && move.id === id && users.has(id)) || move.type === 'room.restored';

function frameOf(effect: RoomEffect, id: Person): object | undefined {
  switch (effect.type) {
    case 'user.departed': {
      const hears = effect.id === id ? effect.reason === 'timedOut' : true;
      return hears ? { type: 'userLeftNotification', id: effect.id } : undefined;
    }
    case 'user.muted':
      return effect.id === id ? { type: 'muteMic' } : undefined;
    case 'message.directed': {
      const { from, messageJson } = effect;
      return effect.to === id
        ? { type: 'directMessage', from, message: JSON.parse(messageJson ?? '') }
        : undefined;
    }
    case 'message.relayed':
      return effect.from === id ? undefined : (JSON.parse(effect.frame) as object);
    case 'ai.connection.requested':
      return effect.by === id ? { type: 'aiSdp', sdp: ANSWER } : undefined;
    case 'request.refused':
      return effect.to === id
        ? { type: 'error', error: ERRORS[effect.code].text, code: effect.code }
        : undefined;
    case 'room.changed':
    case 'meeting.started':
    case 'meeting.ended':
      return undefined;
  }
}

function endOf(effects: readonly RoomEffect[], id: Person): Close | undefined {
  for (const effect of effects) {
    if (effect.type !== 'user.departed' || effect.id !== id) continue;
    // Whose socket is gone, is not closed.
    if (effect.reason !== 'dropped') return effect.reason === 'left' ? USER_LEFT : TIMED_OUT;
  }
  return undefined;
}

/** The end of a socket whose user has come with another. */
export const REPLACED: Close = closeFor('replaced');
