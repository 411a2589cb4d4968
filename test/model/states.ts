import type { StateValueFrom } from 'xstate';
import type { RoomMachine, RoomSnapshot } from '../../machines/room.machine.ts';
import type { RoomDelays } from '../../src/rooms/room-services.ts';

/** The states of a value's type that have states themselves. XState's type names them among the leaves, too. */
type Compound<Value> = Value extends object ? keyof Value & string : never;
type Within<Value, Name extends string> = Value extends Partial<Record<Name, infer Inner>> & object
  ? NonNullable<Inner>
  : never;
/** Dotted names of the leaves of a state value's type. */
type Leaf<Value> =
  | Exclude<Extract<Value, string>, Compound<Value>>
  | { [Name in Compound<Value>]: `${Name}.${Leaf<Within<Value, Name>>}` }[Compound<Value>];

/** Every state a room can be in: a state that the machine gains is one here too. */
export type State = Leaf<StateValueFrom<RoomMachine>>;

export function stateOf({ value }: Pick<RoomSnapshot, 'value'>): State {
  return typeof value === 'string' ? value : `aiActive.${value.aiActive}`;
}

/** What runs in a state. */
type Running = {
  readonly services: readonly Service[];
  /** Times that pass. */
  readonly delays: readonly Delay[];
};
export type Service = keyof RoomSnapshot['children'];
export type Delay = keyof RoomDelays;

/** What runs in each state, and nothing else may: who closes whom, by SPEC.md. */
export const RUNNING: Readonly<Record<State, Running>> = {
  idle: { services: [], delays: ['emptyRoomGrace'] },
  active: { services: [], delays: [] },
  aiConnecting: { services: ['openVoice'], delays: ['aiConnectTimeout'] },
  'aiActive.free': { services: ['holdVoice'], delays: ['aiSessionLimit'] },
  'aiActive.granting': {
    services: ['holdVoice', 'routeAudio'],
    delays: ['aiRouteTimeout', 'aiSessionLimit'],
  },
  'aiActive.held': { services: ['holdVoice'], delays: ['aiSessionLimit'] },
};

export const STATES = Object.keys(RUNNING) as readonly State[];
