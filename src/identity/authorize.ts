import type { ClientMessageType } from '../protocol/messages.ts';

/**
 * What a login may be in a room. `admin`: the operator's grant. `member`: everybody else. `viewer`: may not publish.
 * `hidden`: watches without being shown, and so can do nothing that others would see.
 */
export type Role = 'admin' | 'member' | 'viewer' | 'hidden';

/** `open`: as the original, anyone mutes anyone and anyone invites the AI. `moderated`: these are the admins'. */
export type Policy = 'open' | 'moderated';

/** Beside the messages of the room: what the HTTP side offers. */
export type RouteAction =
  'openSession' | 'publishTracks' | 'pullTracks' | 'getIceServers' | 'sendFeedback' | 'readReport';

export type Action = ClientMessageType | RouteAction;

/** Whose the thing is that the action is about: one's own, or also another's. */
export type Target = 'own' | 'others';

/** What a role may do: to anything, to its own only, or not at all. */
type Cell = 'any' | 'own' | 'no';

type Row = Readonly<Record<Role, Cell>>;

const EVERYBODY: Row = { admin: 'any', member: 'any', viewer: 'any', hidden: 'any' };
/** Those whom the others see. */
const SHOWN: Row = { ...EVERYBODY, hidden: 'no' };
const PUBLISHERS: Row = { admin: 'any', member: 'any', viewer: 'no', hidden: 'no' };
const ADMINS: Row = { admin: 'any', member: 'no', viewer: 'no', hidden: 'no' };
/** What is one's own, and an admin everything. */
const SHOWN_OWN: Row = { admin: 'any', member: 'own', viewer: 'own', hidden: 'no' };
const OWN: Row = { ...SHOWN_OWN, hidden: 'own' };

const OPEN: Readonly<Record<Action, Row>> = {
  userUpdate: SHOWN,
  directMessage: SHOWN,
  muteUser: SHOWN,
  userLeft: EVERYBODY,
  heartbeat: EVERYBODY,
  enableAi: SHOWN,
  disableAi: SHOWN,
  establishAiPeerConnection: PUBLISHERS,
  requestAiControl: PUBLISHERS,
  relenquishAiControl: SHOWN_OWN,
  callsApiHistoryEntry: EVERYBODY,
  e2eeMlsMessage: SHOWN,
  'partyserver-ping': EVERYBODY,
  resync: EVERYBODY,
  openSession: EVERYBODY,
  publishTracks: PUBLISHERS,
  pullTracks: EVERYBODY,
  getIceServers: EVERYBODY,
  sendFeedback: EVERYBODY,
  readReport: OWN,
};

/** The one table of who may do what, by policy. */
const POLICIES: Readonly<Record<Policy, Readonly<Record<Action, Row>>>> = {
  open: OPEN,
  moderated: {
    ...OPEN,
    muteUser: SHOWN_OWN,
    enableAi: ADMINS,
    disableAi: ADMINS,
  },
};

/** Asks the table of one policy. */
export type Authorize = (role: Role, action: Action, target?: Target) => boolean;

export const authorizeBy =
  (policy: Policy): Authorize =>
  (role, action, target = 'others') => {
    const cell = POLICIES[policy][action][role];
    return cell === 'any' || (cell === 'own' && target === 'own');
  };
