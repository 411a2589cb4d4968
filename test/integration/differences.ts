import { isDeepStrictEqual } from 'node:util';
import {
  departEarlier,
  insert,
  mapConnection,
  mapOutcomes,
  mapStates,
  refuse,
  seenState,
  stateBefore,
  stateOf,
  withMuted,
  withUser,
} from '../support/recording-edit.ts';
import {
  connectedAt,
  eventsOf,
  idOf,
  needed,
  sentMessages,
  type Outcomes,
  type Recording,
  type Seen,
  type Sent,
} from '../support/recording.ts';

/**
 * One intended difference between the original and this server: a pure change of what the original's clients saw into
 * what ours must see. It changes no more than its reason says, so that it cannot hide a wrong frame. Where it is about
 * the connections of one recording, it calls them by their names there.
 */
export type Difference = {
  readonly name: string;
  /** What the original did, what this server does, and why. */
  readonly reason: string;
  readonly apply: (recorded: Outcomes, recording: Recording) => Outcomes;
};

/** `RECONNECT_GRACE_MS` and `HEARTBEAT_TIMEOUT_MS`, and how often it is looked whether they are over. */
const RECONNECT_GRACE_MS = 8_000;
const HEARTBEAT_TIMEOUT_MS = 15_000;
const SWEEP_INTERVAL_MS = 1_000;
const nextSweep = (at: number): number => Math.ceil(at / SWEEP_INTERVAL_MS) * SWEEP_INTERVAL_MS;

/** The original sent its state every 15 s, at most 149 ms late. */
const PERIODIC_MS = 15_000;
const isPeriodic = ({ at }: Seen): boolean => at >= PERIODIC_MS && at % PERIODIC_MS < 250;

const UNAUTHORIZED = { status: 401, body: '' };
const ID_RESERVED = {
  status: 403,
  body: '{"error":{"code":"id_reserved","message":"This connection id is reserved or malformed"}}',
};
const NOT_FOUND = { status: 404, body: '{"error":{"code":"not_found","message":"Not found"}}' };

const INVALID_JSON = { type: 'error', error: 'The message is not valid JSON', code: 'invalid_json' };
const UNKNOWN_TYPE = {
  type: 'error',
  error: 'The message type is not known',
  code: 'unknown_message_type',
};
const INVALID_MESSAGE = {
  type: 'error',
  error: 'The message does not have the expected shape',
  code: 'invalid_message',
};
const USER_NOT_FOUND = { type: 'error', error: 'This user is not in the room', code: 'user_not_found' };

const ERROR_FOR_STACK: ReadonlyMap<unknown, typeof INVALID_JSON> = new Map(
  Object.entries({
    'Error: Unhandled type: assert never failed': UNKNOWN_TYPE,
    "TypeError: Cannot read properties of null (reading 'type')": UNKNOWN_TYPE,
    "SyntaxError: Expected property name or '}' in JSON at position 1 (line 1 column 2)": INVALID_JSON,
    'SyntaxError: Unexpected end of JSON input': INVALID_JSON,
    "SyntaxError: Expected ',' or '}' after property value in JSON at position 19 (line 1 column 20)":
      INVALID_JSON,
    'SyntaxError: "undefined" is not valid JSON': INVALID_JSON,
  }).map(([text, frame]) => [`${text}\n    at <stack>`, frame]),
);

/** Direct messages and mutes whose target is one of those meant. */
const sentTo = (recording: Recording, isMeant: (target: unknown) => boolean): Sent[] => [
  ...sentMessages(recording, 'directMessage').filter(({ message }) => isMeant(message.to)),
  ...sentMessages(recording, 'muteUser').filter(({ message }) => isMeant(message.id)),
];

const tellSenders = (recorded: Outcomes, sent: readonly Sent[], frame: typeof INVALID_JSON): Outcomes =>
  sent.reduce(
    (outcomes, { at, conn }) => mapConnection(outcomes, conn, (list) => insert(list, { at, frame })),
    recorded,
  );

/** The connection B1 ends when B2 comes, and what B1 sent after that has no effect. */
function closeOlderSocket(recorded: Outcomes, recording: Recording): Outcomes {
  const closed = { code: 4500, reason: 'Replaced by a newer connection' };
  const ignoredAt = needed(sentMessages(recording, 'userUpdate', 'B1').at(-1)).at;
  const nextUpdateAt = needed(sentMessages(recording, 'userUpdate', 'B2').at(-1)).at;
  const id = idOf(recording, 'B1');
  return mapOutcomes(recorded, (list, conn) => {
    if (conn === 'B1') {
      const open = list.filter((seen) => !('closed' in seen));
      return insert(open, { at: connectedAt(recording, 'B2'), closed });
    }
    const asBefore = needed(stateBefore(list, ignoredAt)?.users.find((user) => user.id === id));
    const effect = list.find((seen) => seen.at >= ignoredAt && stateOf(seen) !== undefined);
    const rest = list.filter((seen) => seen !== effect);
    return mapStates(rest, ignoredAt, nextUpdateAt, (state) => withUser(state, id, () => asBefore));
  });
}

/** From the close of B1 on, B2 gets every state that A gets, and what A sends to it, whose effect everybody sees. */
function keepNewerSocket(recorded: Outcomes, recording: Recording): Outcomes {
  const deafAt = needed(eventsOf(recording, 'client-close').find(({ conn }) => conn === 'B1')).t;
  const id = idOf(recording, 'B2');
  const direct = needed(sentMessages(recording, 'directMessage', 'A').at(-1));
  const mute = needed(sentMessages(recording, 'muteUser', 'A').at(-1));
  const heardByA = needed(recorded.A);
  const stateAfterMute = withMuted(needed(stateBefore(heardByA, mute.at)), id);
  const forA = insert(
    mapStates(heardByA, mute.at, Number.POSITIVE_INFINITY, (state) => withMuted(state, id)),
    seenState(mute.at, stateAfterMute),
  );
  const forB2 = insert(
    needed(recorded.B2),
    { at: direct.at, frame: { type: 'directMessage', from: 'alice', message: direct.message.message } },
    { at: mute.at, frame: { type: 'muteMic' } },
    ...forA.filter((seen) => seen.at > deafAt && stateOf(seen) !== undefined),
  );
  return { ...recorded, A: forA, B2: forB2 };
}

/** I comes into the room of H, who is told. */
function joinOneRoom(recorded: Outcomes, recording: Recording): Outcomes {
  const there = needed(stateBefore(needed(recorded.H), connectedAt(recording, 'I')));
  const joined = mapConnection(recorded, 'I', (list) =>
    mapStates(list, 0, Number.POSITIVE_INFINITY, (alone) => ({
      ...there,
      users: [...there.users, ...alone.users],
    })),
  );
  const announcements = needed(joined.I).filter((seen) => stateOf(seen) !== undefined);
  return mapConnection(joined, 'H', (list) => insert(list, ...announcements));
}

/** Each is declared by the scenarios of replay.test.ts that need it, and only by those. */
export const DIFFERENCES = [
  {
    name: 'close-frame-answered',
    reason:
      "The original never answered a client's close frame: the client hung until its own timeout and saw 1006. Here " +
      'the frame is answered, and the connection ends at once with the code and reason of the client.',
    apply: (recorded, recording) =>
      eventsOf(recording, 'client-close').reduce(
        (outcomes, { t, conn, code = 1005, reason = '' }) =>
          mapConnection(outcomes, conn, (list) =>
            list.map((seen) =>
              'closed' in seen && seen.closed.code === 1006 ? { at: t, closed: { code, reason } } : seen,
            ),
          ),
        recorded,
      ),
  },
  {
    name: 'unchanged-state-not-resent',
    reason:
      'The original sent its state after every message and connect, changed or not. Here it is sent when it is another ' +
      'one, to a connection that has none, and every 15 s: more costs bandwidth and tells nothing.',
    apply: (recorded) =>
      mapOutcomes(recorded, (list) =>
        list.filter((seen) => {
          const state = stateOf(seen);
          if (state === undefined || isPeriodic(seen)) return true;
          const last = list.slice(0, list.indexOf(seen)).findLast((other) => stateOf(other) !== undefined);
          return !isDeepStrictEqual(state, stateOf(last));
        }),
      ),
  },
  {
    name: 'error-has-code-not-stack',
    reason:
      "The original's error frames carried the server's stack trace. Here an error is a fixed text with a code: a " +
      'stack serves nobody but an attacker, and a client cannot branch on it.',
    apply: (recorded) =>
      mapOutcomes(recorded, (list) =>
        list.map((seen) => {
          const frame = 'frame' in seen ? ERROR_FOR_STACK.get(seen.frame.error) : undefined;
          return frame === undefined ? seen : { at: seen.at, frame };
        }),
      ),
  },
  {
    name: 'unknown-target-refused',
    reason:
      'The original said nothing when the target of a direct message or a mute was not in the room. Here the sender is ' +
      'told, who would otherwise take it for done.',
    apply: (recorded, recording) => {
      const ids = new Set(Object.values(recording.connections).map(({ id }) => id));
      const isUnknown = (target: unknown): boolean => typeof target === 'string' && !ids.has(target);
      return tellSenders(recorded, sentTo(recording, isUnknown), USER_NOT_FOUND);
    },
  },
  {
    name: 'missing-target-refused',
    reason:
      'The original said nothing to a direct message without `to` or a mute without `id`. Here a message that lacks its ' +
      'shape does not pass the boundary, and its sender is told.',
    apply: (recorded, recording) =>
      tellSenders(
        recorded,
        sentTo(recording, (target) => target === undefined),
        INVALID_MESSAGE,
      ),
  },
  {
    name: 'dropped-user-leaves-after-grace',
    reason:
      'The original took no notice of a lost socket: its user left 15 to 30 s after its last heartbeat. Here it leaves ' +
      'RECONNECT_GRACE_MS after the socket is gone: long enough to reconnect, short for those who wait.',
    apply: (recorded, recording) =>
      eventsOf(recording, 'tcp-drop').reduce(
        (outcomes, { t, conn }) =>
          departEarlier(outcomes, idOf(recording, conn), nextSweep(t + RECONNECT_GRACE_MS)),
        recorded,
      ),
  },
  {
    name: 'silent-user-leaves-after-timeout',
    reason:
      'The original looked for silent users every 15 s, so that one left 15 to 30 s after its last sign of life. Here it ' +
      'leaves at the first of the sweeps, one a second, after HEARTBEAT_TIMEOUT_MS.',
    apply: (recorded, recording) => {
      const lastSign = needed(eventsOf(recording, 'send').findLast(({ conn }) => conn === 'B'));
      return departEarlier(recorded, idOf(recording, 'B'), nextSweep(lastSign.t + HEARTBEAT_TIMEOUT_MS));
    },
  },
  {
    name: 'older-socket-closed',
    reason:
      'The original let two sockets of one id live on; the older heard nothing and could still speak. Here the newer ' +
      'takes its place: the older is closed with 4500, so that its client knows.',
    apply: closeOlderSocket,
  },
  {
    name: 'newer-socket-not-deaf',
    reason:
      'When either of two sockets of one id closed, the original forgot the id, and the one that was left heard nothing ' +
      'for ever. Here the newer stays fully connected: a change of network ends like this every day.',
    apply: keepNewerSocket,
  },
  {
    name: 'reserved-id-refused',
    reason:
      'The original took any `_pk`, also `ai`, and showed a person under the id of the AI. Here an id that would collide ' +
      'is refused with 403 before the upgrade.',
    apply: (recorded) => refuse(recorded, 'C', 'ai', ID_RESERVED),
  },
  {
    name: 'access-header-not-believed',
    reason:
      'The original took the name from Cf-Access-Authenticated-User-Email, which anyone can send where no proxy strips ' +
      'it. Here it counts with TRUST_ACCESS_EMAIL_HEADER=true only; otherwise the cookie does, and without one it is 401.',
    apply: (recorded, recording) => {
      const id = idOf(recording, 'both');
      const named = mapOutcomes(recorded, (list) =>
        mapStates(list, 0, Number.POSITIVE_INFINITY, (state) =>
          withUser(state, id, (user) => ({ ...user, name: 'both' })),
        ),
      );
      return refuse(named, 'access', idOf(recording, 'access'), UNAUTHORIZED);
    },
  },
  {
    name: 'empty-name-refused',
    reason:
      'The original let a login without a name in. Here a name that shows nothing is none, and there is no login without ' +
      'a name: 401.',
    apply: (recorded, recording) => refuse(recorded, 'empty', idOf(recording, 'empty'), UNAUTHORIZED),
  },
  {
    name: 'room-name-decoded',
    reason:
      'The original compared room names as they stood in the URL: `%61` and `a` were two rooms. Here a name is ' +
      'percent-decoded once, and they are the one room that they look like.',
    apply: joinOneRoom,
  },
  {
    name: 'encoded-slash-refused',
    reason:
      'The original took `%2F` as a part of a room name. Here a name has no `/`: decoded, it would end where the next ' +
      'path segment begins. 404.',
    apply: (recorded, recording) => refuse(recorded, 'F', idOf(recording, 'F'), NOT_FOUND),
  },
] as const satisfies readonly Difference[];

export type DifferenceName = (typeof DIFFERENCES)[number]['name'];
