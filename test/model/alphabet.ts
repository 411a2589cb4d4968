import type { RoomSnapshot } from '../../machines/room.machine.ts';
import {
  A,
  B,
  NOT_CONFIGURED,
  NOT_CONNECTED,
  QUIET,
  REFUSED,
  SPEAKING,
  connect,
  deliver,
  disable,
  enable,
  join,
  leave,
  mute,
  notHeld,
  notOpened,
  notRouted,
  opened,
  relay,
  release,
  request,
  restore,
  routed,
  update,
} from './cast.ts';
import { DELAY_NAMES, isOutcome, sourceOf, timeout, type EventType, type Move } from './moves.ts';

/**
 * What a tour tries in every state: each event by `a`, by the moderator `b` (both in the room or not), by the stranger
 * `x`. Only `b` has a microphone, which halves the graph; two people suffice for every guard.
 */
const MOVES: Readonly<Record<EventType, readonly Move[]>> = {
  'user.joined': [join('a'), join('b')],
  'room.restored': [restore('meeting-0', { ...B, ...SPEAKING }, A), restore('meeting-0')],
  'user.updated': [update('a', QUIET), update('b', SPEAKING), update('b', QUIET), update('x', SPEAKING)],
  'user.left': [leave('a'), leave('a', 'dropped'), leave('b'), leave('b', 'timedOut'), leave('x')],
  'user.mute': [mute('a', 'a'), mute('a', 'b'), mute('b', 'x'), mute('x', 'b')],
  'message.deliver': [deliver('a', 'b'), deliver('b', 'a'), deliver('a', 'x'), deliver('x', 'a')],
  'message.relay': [relay('a'), relay('b'), relay('x')],
  'ai.enable': [enable('a'), enable('b'), enable('x')],
  'ai.disable': [disable('a'), disable('b'), disable('x')],
  'ai.connect': [connect('a'), connect('b'), connect('x')],
  'ai.control.request': [request('a'), request('a', null), request('b'), request('x')],
  'ai.control.release': [release('a'), release('b', true), release('x', true)],
  'ai.ended': [{ type: 'ai.ended' }],
  'service done': [opened, routed],
  'service failed': [
    notOpened(),
    notOpened(NOT_CONFIGURED),
    notOpened(REFUSED),
    notRouted(),
    notRouted(NOT_CONNECTED),
    notHeld,
  ],
  timeout: DELAY_NAMES.map(timeout),
};
const ALL_MOVES = Object.values(MOVES).flat();

/** Of a service or a time only the end of one that there is: XState ends nothing twice. */
export function movesIn({ children, _nodes }: RoomSnapshot): readonly Move[] {
  const delays = _nodes.flatMap(({ after }) => after.map(({ delay }) => String(delay)));
  const running = new Set([...Object.keys(children), ...delays]);
  return ALL_MOVES.filter((move) => !isOutcome(move) || running.has(sourceOf(move)));
}
