/** Reads one header by its lower-case name; empty when absent. */
export type Headers = (name: string) => string;

/** What a request brings to show who makes it. */
export type Credentials = {
  readonly header: Headers;
  /** The query parameter `token`; empty when absent. */
  readonly token: string;
  /** The room that the request is about; without one a token for any room will do. */
  readonly room?: string;
};

/** Where a browser keeps the join tokens of the links it came by, newest first, with {@link TOKEN_SEPARATOR} between. */
export const JOIN_COOKIE = '__join';
/** In no token, and allowed in a cookie. */
export const TOKEN_SEPARATOR = '~';
/** A browser keeps 4 kB of a cookie; the oldest invitations are forgotten. */
export const MAX_KEPT_TOKENS = 8;
