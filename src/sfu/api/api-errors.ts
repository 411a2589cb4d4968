/** What an answer says of a failure, at the top or of one track. */
export type ErrorFields = {
  readonly errorCode: string;
  readonly errorDescription: string;
  readonly errorSubcode?: string;
};

/**
 * Failures of a whole request: the code of the hosted API, and the HTTP status. The texts are this server's own; clients
 * branch on the code.
 */
export const API_ERRORS = {
  unauthorized: { status: 401, errorCode: 'unauthorized', text: 'The app secret is wrong' },
  app_not_found: { status: 404, errorCode: 'not_found', text: 'There is no such app' },
  not_found: { status: 404, errorCode: 'not_found', text: 'There is no such operation' },
  decoding_error: { status: 400, errorCode: 'decoding_error', text: 'The body cannot be read' },
  invalid_params: { status: 406, errorCode: 'invalid_params', text: 'The request makes no sense' },
  payload_too_large: { status: 413, errorCode: 'payload_too_large', text: 'The body is too large' },
  session_gone: {
    status: 410,
    errorCode: 'session_error',
    text: 'The session is not there, or not any more: open another',
  },
  session_not_ready: {
    status: 425,
    errorCode: 'session_error',
    text: 'Session is not ready yet: its first offer has not been answered',
  },
  invalid_session_description: {
    status: 406,
    errorCode: 'invalid_session_description',
    text: 'The session description cannot be used',
  },
  too_many_requests: {
    status: 429,
    errorCode: 'retryable_transient_error',
    text: 'Too many requests for this session',
  },
  overloaded: {
    status: 503,
    errorCode: 'temporarily_unavailable_error',
    text: 'This SFU has as much to do as it is allowed to',
  },
  internal_error: { status: 500, errorCode: 'internal_error', text: 'Something went wrong in the SFU' },
} as const;

export type ApiErrorName = keyof typeof API_ERRORS;

type ApiErrorOptions = { readonly description?: string; readonly subcode?: string };

/** A request that is refused as a whole. */
export class ApiError extends Error {
  readonly status: number;
  readonly fields: ErrorFields;

  constructor(name: ApiErrorName, { description, subcode }: ApiErrorOptions = {}) {
    const { status, errorCode, text } = API_ERRORS[name];
    super(description ?? text);
    this.name = 'ApiError';
    this.status = status;
    this.fields = {
      errorCode,
      errorDescription: this.message,
      ...(subcode !== undefined && { errorSubcode: subcode }),
    };
  }
}

/** Failures of single tracks, which leave the others of their request alone. */
const TRACK_ERRORS = {
  not_found_track_error: 'There is no such track',
  empty_track_error: 'The track is there, but no packet of it has arrived',
  repeated_local_track_error: 'The session has a track of that name on another m-line',
  close_track_error: "Track doesn't exist or was already closed",
  update_track_error: 'The m-line cannot be changed in this way',
  invalid_params: 'The session has no m-line that can carry this track',
} as const;

export type TrackErrorCode = keyof typeof TRACK_ERRORS;

export const trackError = (
  errorCode: TrackErrorCode,
  errorDescription: string = TRACK_ERRORS[errorCode],
): ErrorFields => ({ errorCode, errorDescription });
