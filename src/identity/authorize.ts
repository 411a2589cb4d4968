import type { ClientMessageType } from '../protocol/messages.ts';

/** What a login may do in a room: `admin` is granted by the operator, everybody else is `member`. */
export type Role = 'member' | 'admin';

/**
 * What can be asked of a room. Beside the messages themselves, `moderateAi` is taking the control of the AI away from
 * somebody else.
 */
export type Action = ClientMessageType | 'moderateAi';

const EVERYBODY: readonly Role[] = ['member', 'admin'];
const ADMINS: readonly Role[] = ['admin'];

/**
 * The one table of who may do what. It is the original's policy, in which anyone mutes anyone and anyone invites the
 * AI, except that control of the AI is released by its holder or an admin alone.
 */
const POLICY: Readonly<Record<Action, readonly Role[]>> = {
  userUpdate: EVERYBODY,
  directMessage: EVERYBODY,
  muteUser: EVERYBODY,
  userLeft: EVERYBODY,
  heartbeat: EVERYBODY,
  enableAi: EVERYBODY,
  disableAi: EVERYBODY,
  requestAiControl: EVERYBODY,
  relenquishAiControl: EVERYBODY,
  callsApiHistoryEntry: EVERYBODY,
  e2eeMlsMessage: EVERYBODY,
  'partyserver-ping': EVERYBODY,
  moderateAi: ADMINS,
};

export function authorize(role: Role, action: Action): boolean {
  return POLICY[action].includes(role);
}
