import type { JsonObject } from './calls-schema.ts';

/** The operations of the SFU's API that are used, by the path behind the session. */
export type CallsOperation =
  'sessions/new' | 'session' | 'tracks/new' | 'renegotiate' | 'tracks/close' | 'tracks/update';

export type CallsRequest = {
  readonly operation: CallsOperation;
  /** Empty for `sessions/new`. `[\w-]{1,128}`. */
  readonly sessionId: string;
  readonly query: URLSearchParams;
  /** The API's request as JSON; none for `sessions/new` and `session`. */
  readonly body?: object;
};

/** What the SFU said. Success is not the status alone: look for `errorCode`, at the top and in each track. */
export type CallsReply = { readonly status: number; readonly body: JsonObject };

/**
 * An SFU that is steered as Cloudflare Realtime ("Calls") is. Source: developers.cloudflare.com/realtime/sfu/api, OpenAPI
 * of 2024-05-21. Promises:
 *
 * - `send` resolves with whatever JSON object the SFU answered, and rejects with `sfu_unavailable` when there was none in
 *   time. After a rejection nobody knows whether the operation was carried out.
 * - Strings go through as they are: an SDP keeps its last CRLF.
 * - One session is one offer/answer exchange: callers must not overlap operations on one session.
 */
export interface Calls {
  send(request: CallsRequest): Promise<CallsReply>;
  close(): Promise<void>;
}
