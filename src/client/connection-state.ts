/** Why a connection has ended for good. */
export type GoneReason =
  /** This client has left, or the server has shown it out after `userLeft`. */
  | 'left'
  /** A newer connection with the same id has taken over, for example another tab. */
  | 'replaced'
  /** The server has no name for whoever connects: a login is needed first. */
  | 'unauthorized'
  /** The server does not want this client to come back; `code` says more. */
  | 'refused';

/** What can be said of the way to the room. Only `gone` is final, until `rejoin` is called. */
export type ConnectionState =
  /** It has not been open yet. */
  | { readonly status: 'connecting' }
  | { readonly status: 'open' }
  /** It was open and will be again: the last known state stands until then. */
  | { readonly status: 'reconnecting' }
  /** `code` is the WebSocket's close code. */
  | { readonly status: 'gone'; readonly reason: GoneReason; readonly code: number };

export type Gone = Extract<ConnectionState, { status: 'gone' }>;

const USER_LEFT = { code: 1000, reason: 'User left' };
const REPLACED = 4500;
/** Codes from 4500 ask a client not to come back, those from 4000 to 4499 ask it to. */
const FINAL_FROM = 4500;
const FINAL_TO = 4999;

/**
 * The end that a close means, or nothing where the client is to try again. 1000 alone is none: it is also what
 * partysocket says of a refused upgrade.
 */
export function goneBy(code: number, reason: string): Gone | undefined {
  if (code === USER_LEFT.code && reason === USER_LEFT.reason) return { status: 'gone', reason: 'left', code };
  if (code === REPLACED) return { status: 'gone', reason: 'replaced', code };
  if (code >= FINAL_FROM && code <= FINAL_TO) return { status: 'gone', reason: 'refused', code };
  return undefined;
}

/** The client's own goodbye, with the words in which the server answers it. */
export const GOODBYE = USER_LEFT;
