/** What a refusal looks like on each way out of the server. */
type ErrorEntry = {
  /** HTTP status, where the refusal can happen before or without a WebSocket. */
  readonly http?: number;
  /** WebSocket close code, where the refusal ends the connection. */
  readonly close?: number;
  /** Whether the same request may succeed later without being changed. */
  readonly retryable: boolean;
  /** Fixed text for people; never carries input, a stack or an upstream's words. */
  readonly text: string;
};

/**
 * Every error a client can see, in one place. The README's table is checked against this one by a test.
 * Codes are part of the protocol: rename none.
 */
export const ERRORS = {
  // Frames
  invalid_json: { retryable: false, text: 'The message is not valid JSON' },
  unknown_message_type: { retryable: false, text: 'The message type is not known' },
  invalid_message: { retryable: false, text: 'The message does not have the expected shape' },
  message_too_large: { close: 1009, http: 413, retryable: false, text: 'The message is too large' },
  rate_limited: { close: 4029, http: 429, retryable: true, text: 'Too many messages' },
  not_allowed: { http: 403, retryable: false, text: 'You may not do this' },
  user_not_found: { retryable: false, text: 'This user is not in the room' },
  user_away: { retryable: true, text: 'This user is reconnecting' },
  ai_not_active: { retryable: true, text: 'There is no AI in this room' },
  ai_not_connected: { retryable: true, text: 'You have no connection to the AI' },
  ai_connection_pending: { retryable: true, text: 'Your connection to the AI is being opened' },
  ai_connection_failed: { retryable: true, text: 'Your connection to the AI could not be opened' },
  ai_control_held: { retryable: true, text: 'Somebody else is talking to the AI' },
  ai_control_pending: { retryable: true, text: 'Somebody else is about to talk to the AI' },
  ai_control_not_yours: { retryable: false, text: 'You are not talking to the AI' },
  track_not_yours: { retryable: false, text: 'You do not send this track' },
  ai_control_failed: { retryable: true, text: 'Your audio could not be connected to the AI' },
  // Connections
  slow_consumer: { close: 4013, retryable: true, text: 'The connection could not keep up' },
  replaced: { close: 4500, retryable: false, text: 'Replaced by a newer connection' },
  room_failed: { close: 1011, retryable: true, text: 'The room failed and is being started again' },
  // Requests
  bad_request: { http: 400, retryable: false, text: 'The request is malformed' },
  invalid_session_description: {
    http: 400,
    retryable: false,
    text: 'The session description cannot be used',
  },
  admin_token_required: { http: 401, retryable: false, text: 'This needs the admin token' },
  unauthorized: { http: 401, retryable: false, text: 'Set a name first' },
  token_invalid: { http: 403, retryable: false, text: 'The invitation is not valid, or not for this room' },
  forbidden_origin: { http: 403, retryable: false, text: 'This origin may not use this server' },
  id_reserved: { http: 403, retryable: false, text: 'This connection id is reserved or malformed' },
  id_taken: { http: 403, retryable: false, text: 'This connection id belongs to somebody else' },
  not_found: { http: 404, retryable: false, text: 'Not found' },
  method_not_allowed: { http: 405, retryable: false, text: 'This method is not allowed here' },
  request_timeout: { http: 408, retryable: true, text: 'The request body did not arrive in time' },
  body_too_large: { http: 413, retryable: false, text: 'The request body is too large' },
  unsupported_media_type: { http: 415, retryable: false, text: 'The request body has an unsupported type' },
  misdirected: { http: 421, retryable: false, text: 'This server does not answer to that host name' },
  too_many_requests: { http: 429, retryable: true, text: 'Too many requests' },
  too_many_connections: { http: 429, retryable: true, text: 'Too many connections from this address' },
  internal: { http: 500, close: 1011, retryable: true, text: 'Something went wrong on the server' },
  login_pending: { http: 503, retryable: true, text: 'Your login is being checked, try again' },
  sfu_unavailable: { http: 502, retryable: true, text: 'The media server cannot be reached' },
  sfu_not_configured: { http: 503, retryable: false, text: 'No media server is configured on this server' },
  room_full: { http: 503, retryable: true, text: 'The room is full' },
  too_many_rooms: { http: 503, retryable: true, text: 'The server has no place for another room' },
  store_unavailable: { http: 503, retryable: true, text: 'The server cannot store anything at the moment' },
  draining: { http: 503, close: 1012, retryable: true, text: 'The server is restarting' },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** Codes that answer an HTTP request or refuse an upgrade. */
export type HttpErrorCode = {
  [C in ErrorCode]: (typeof ERRORS)[C] extends { http: number } ? C : never;
}[ErrorCode];

export const isHttpCode = (code: ErrorCode): code is HttpErrorCode => 'http' in ERRORS[code];

/** Codes that end a WebSocket. */
export type CloseErrorCode = {
  [C in ErrorCode]: (typeof ERRORS)[C] extends { close: number } ? C : never;
}[ErrorCode];

/** A failure with a place in {@link ERRORS}; `cause` is for the log and never reaches a client. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;

  constructor(code: ErrorCode, options?: { cause?: unknown }) {
    super(ERRORS[code].text, options);
    this.name = 'AppError';
    this.code = code;
    this.retryable = ERRORS[code].retryable;
  }
}
