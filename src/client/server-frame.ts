import type { ServerMessage, User } from '../protocol/messages.ts';

type Fields = Readonly<Record<string, unknown>>;

export const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isText = (value: unknown): value is string => typeof value === 'string';
const isAbsent = (value: unknown): value is undefined => value === undefined;

/** The least that a page needs of a user. The original server lets other clients set what it calls a user to anything. */
const isUser = (value: unknown): value is User =>
  isRecord(value) && isText(value['id']) && isText(value['name']) && isRecord(value['tracks']);

const isIdList = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isPatchList = (value: unknown): boolean =>
  Array.isArray(value) && value.every((patch) => isRecord(patch) && isText(patch['id']));

const isUsersPatch = (value: unknown): boolean =>
  isAbsent(value) ||
  (isRecord(value) &&
    (isAbsent(value['remove']) || isIdList(value['remove'])) &&
    (isAbsent(value['upsert']) || isPatchList(value['upsert'])));

const isState = (value: unknown): boolean =>
  isRecord(value) && isText(value['meetingId']) && isRecord(value['ai']) && Array.isArray(value['users']);

/**
 * What each message must have for the library to use it. By hand, because the schemas of the server would bring all of
 * zod to every page; the server is trusted for the rest. A type that is added to the protocol is missed here by `tsc`.
 */
const HAS_ITS_SHAPE: Readonly<Record<ServerMessage['type'], (message: Fields) => boolean>> = {
  roomState: ({ state }) => isState(state),
  roomPatch: ({ seq, users, ai, meetingId }) =>
    Number.isSafeInteger(seq) &&
    isUsersPatch(users) &&
    (isAbsent(ai) || isRecord(ai)) &&
    (isAbsent(meetingId) || isText(meetingId)),
  userLeftNotification: ({ id }) => isText(id),
  muteMic: () => true,
  directMessage: ({ from }) => isText(from),
  e2eeMlsMessage: () => true,
  aiSdp: ({ sdp }) => isText(sdp),
  // The original server's errors have no code.
  error: ({ error }) => isText(error),
  'partyserver-pong': () => true,
};

const isKnown = (type: unknown): type is ServerMessage['type'] =>
  isText(type) && Object.hasOwn(HAS_ITS_SHAPE, type);

/** Reads a frame; nothing where it is none that this client knows, which it then passes over. */
export function readServerFrame(data: unknown): ServerMessage | undefined {
  const value = parse(data);
  if (!isRecord(value)) return undefined;
  const { type } = value;
  if (!isKnown(type) || !HAS_ITS_SHAPE[type](value)) return undefined;
  return withUsersOnly(value as ServerMessage);
}

function parse(data: unknown): unknown {
  if (!isText(data)) return undefined;
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

function withUsersOnly(message: ServerMessage): ServerMessage {
  if (message.type !== 'roomState') return message;
  const users: readonly unknown[] = message.state.users;
  return { ...message, state: { ...message.state, users: users.filter(isUser) } };
}
