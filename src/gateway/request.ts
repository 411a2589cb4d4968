import type { HttpErrorCode } from '../errors.ts';
import type { Headers } from '../identity/credentials.ts';
import type { Forwarding } from './trusted-proxies.ts';

/** A request, copied out of uWS's hands: valid for as long as anyone likes. */
export type Request = {
  /** Upper case; `HEAD` arrives as `GET`. */
  readonly method: string;
  /** As sent: percent-encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly header: Headers;
  readonly forwarding: Forwarding;
  /** The whole body; rejects with `body_too_large` past the route's limit, `request_timeout` when it does not come. */
  readonly body: () => Promise<Buffer>;
};

/** An answer: whole, and small by nature (pages, JSON), or a stream that goes on until its reader goes. */
export type Response = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string | Uint8Array | OpenStream;
};

/** Starts a stream of server-sent events. */
export type OpenStream = (sink: Sink) => Stream;

/** Takes what a streamed answer is made of, for as long as somebody reads it. */
export interface Sink {
  /** Whether it may go on: after `false` nothing is written before the stream is asked to `resume`. */
  write(text: string): boolean;
}

/** What makes a streamed answer. Neither throws. */
export interface Stream {
  /** What was written has been taken. */
  resume(): void;
  /** Nobody reads any more; nothing is written from here on. */
  stop(): void;
}

export type Handler = (request: Request) => Response | Promise<Response>;

/** What answers one method of a path. */
export type Route = {
  readonly handle: Handler;
  /** {@link DEFAULT_BODY_BYTES} without. */
  readonly maxBodyBytes?: number;
  /** The form of a refusal; the project's own without. Some clients need another to stay alive. */
  readonly refuse?: (code: HttpErrorCode) => Response;
  /** Whether pages of `ALLOWED_ORIGINS` may call it and read the answer. */
  readonly cors?: boolean;
};

/** The methods of a path. */
export type Methods = Readonly<Record<string, Route>>;

/** The methods of the path that a request names, or `undefined` when there is no such path. */
export type Router = (path: string) => Methods | undefined;

/** Forms with short fields. */
export const DEFAULT_BODY_BYTES = 64 * 1024;
