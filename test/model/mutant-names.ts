import { assign, emit } from 'xstate';
import type { RoomContext } from '../../machines/room.context.ts';
import { roomMachine } from '../../machines/room.machine.ts';
import { copyBody, edgesAt, placesOf, type Mutant } from './mutant-body.ts';

const ORIGINAL = copyBody();
const EDGES = placesOf(ORIGINAL).flatMap((place) => edgesAt(ORIGINAL, place));
const usesOf = (name: string): number =>
  EDGES.filter(({ guard }) => guard === name).length +
  EDGES.flatMap(({ actions = [] }) => actions).filter(
    (action) => (typeof action === 'string' ? action : action.type) === name,
  ).length;

const provided = (what: string, implementations: object): Mutant => ({
  name: what,
  make: () => roomMachine.provide(implementations),
});

/** What a name that is used once does is altered where it is used, too: only the others count here. */
const isShared = (name: string): boolean => usesOf(name) > 1;

const constantGuards = Object.keys(roomMachine.implementations.guards)
  .filter(isShared)
  .flatMap((name) =>
    [true, false].map((value) =>
      provided(`guard ${name}: always ${value}`, { guards: { [name]: () => value } }),
    ),
  );

/** What a guard is asked, as if every event had every field. */
type Asked = {
  readonly context: RoomContext;
  readonly event: { readonly [field in 'id' | 'by' | 'to']: string } & {
    readonly asModerator: boolean;
    readonly users: readonly unknown[];
  };
};

/** Guards that forget one of their conditions. */
const FORGETFUL: readonly (readonly [string, string, (args: Asked) => boolean])[] = [
  ['isLastUser', 'whether the user is here', ({ context }) => context.users.size === 1],
  [
    'isMutingListener',
    'the sender',
    ({ context, event }) => context.users.get(event.id)?.tracks.audioEnabled === false,
  ],
  [
    'isMutingListener',
    'who says nothing of audio',
    ({ context, event }) =>
      context.users.has(event.by) &&
      context.users.has(event.id) &&
      context.users.get(event.id)?.tracks.audioEnabled !== true,
  ],
  ['isMutingMember', 'the sender', ({ context, event }) => context.users.has(event.id)],
  ['isToMember', 'the sender', ({ context, event }) => context.users.has(event.to)],
  ['isControllerLeaving', 'the others', ({ context, event }) => context.controller === event.id],
  [
    'mayRelease',
    'whether the user is here',
    ({ context, event }) => context.controller === event.by || event.asModerator,
  ],
  [
    'mayRelease',
    'moderators',
    ({ context, event }) => context.users.has(event.by) && context.controller === event.by,
  ],
  ['mayRelease', 'the holder', ({ context, event }) => context.users.has(event.by) && event.asModerator],
  ['bringsUsers', 'the meeting', ({ event }) => event.users.length > 0],
  ['hasAiFailure', 'the sender', ({ context }) => context.aiFailure !== null],
];
const forgetfulGuards = FORGETFUL.map(([name, what, guard]) =>
  provided(`guard ${name}: forgets ${what}`, { guards: { [name]: guard } }),
);

/** What XState keeps of `assign` and `emit` on the function that it makes. */
type Made = {
  readonly assignment?: Readonly<Record<string, unknown>>;
  readonly event?: Readonly<Record<string, unknown>> | ((args: never, params: never) => object);
};
const MADE = roomMachine.implementations.actions as unknown as Readonly<Record<string, Made>>;

const emptyActions = Object.keys(MADE)
  .filter(isShared)
  .map((name) => provided(`action ${name}: does nothing`, { actions: { [name]: () => {} } }));

const partialAssigns = Object.entries(MADE).flatMap(([name, { assignment }]) => {
  const fields = Object.keys(assignment ?? {});
  if (fields.length < 2) return [];
  return fields.map((field) => {
    const { [field]: _, ...rest } = assignment ?? {};
    return provided(`action ${name}: forgets ${field}`, { actions: { [name]: assign(rest) } });
  });
});

const EMITTED: Readonly<Record<string, readonly string[]>> = {
  announceMeetingStart: ['meetingId'],
  announceMeetingEnd: ['meetingId'],
  announceDeparture: ['id', 'reason'],
  announceMute: ['id'],
  deliverMessage: ['by', 'to', 'from', 'messageJson'],
  relayMessage: ['from', 'frame'],
  announceConnection: ['by', 'session', 'offer'],
  refuse: ['to'],
  refuseController: ['to'],
};
const alteredEmits = Object.entries(EMITTED).flatMap(([name, fields]) =>
  fields.map((field) => {
    const made = MADE[name]?.event;
    if (typeof made !== 'function') throw new Error(`${name} is not emitted from a function`);
    const altered = emit((args, params) => ({
      ...(made(args as never, params as never) as { type: string }),
      [field]: 'altered',
    }));
    return provided(`action ${name}: tells another ${field}`, { actions: { [name]: altered } });
  }),
);

const delays = Object.entries(roomMachine.implementations.delays).flatMap(([name, ms]) =>
  [-1, 1].map((more) =>
    provided(`delay ${name}: ${more} ms more`, { delays: { [name]: Number(ms) + more } }),
  ),
);

/** Every mutant that alters what a name of the machine does. */
export const nameMutants: readonly Mutant[] = [
  ...constantGuards,
  ...forgetfulGuards,
  ...emptyActions,
  ...partialAssigns,
  ...alteredEmits,
  ...delays,
];
