import { isDeepStrictEqual } from 'node:util';
import { connect, disable, enable, happen, release, request } from './spec-ai.ts';
import { deliver, join, leave, mute, restore, update } from './spec-people.ts';
import { become, find, viewOf, type Answer, type SpecEvent, type SpecState } from './spec-state.ts';

/**
 * The room by the rules of machines/SPEC.md, written from them alone: it shares neither code nor shape with the
 * machine, so that a mistake in the one is not in the other. Where a walk finds them apart, SPEC.md decides.
 */

/** What somebody in the room, or the host in their name, asks for or does. */
function ask(state: SpecState, event: SpecEvent): Answer {
  switch (event.type) {
    case 'user.joined':
      return join(state, event);
    case 'room.restored':
      return restore(state, event);
    case 'user.updated':
      return update(state, event);
    case 'user.left':
      return leave(state, event);
    case 'user.mute':
      return mute(state, event);
    case 'message.deliver':
      return deliver(state, event);
    case 'message.relay':
      return become(state, { type: 'message.relayed', from: event.by, frame: event.frame });
    case 'ai.enable':
      return enable(state, event);
    case 'ai.disable':
      return disable(state, event);
    case 'ai.connect':
      return connect(state, event);
    case 'ai.control.request':
      return request(state, event);
    case 'ai.control.release':
      return release(state, event);
    default:
      return happen(state, event);
  }
}

/** Not announced: being restored changes nothing for anybody, and when a meeting ends nobody is here. [R14] [R31] */
const QUIET: ReadonlySet<SpecEvent['type']> = new Set(['room.restored', 'time.grace']);

/** What an event leads to. The state is announced, last, exactly if what everybody sees is another one. [R8] [R12] */
export function step(state: SpecState, event: SpecEvent): Answer {
  if ('by' in event && find(state, event.by) === undefined) return become(state);
  const answer = ask(state, event);
  const seen = !isDeepStrictEqual(viewOf(state), viewOf(answer.state));
  if (!seen || QUIET.has(event.type)) return answer;
  return become(answer.state, ...answer.effects, { type: 'room.changed' });
}
