import type { ErrorCode } from '../errors.ts';
import type { SdpFault } from './sdp.ts';
import type { TracksReply } from './calls-schema.ts';

/**
 * What the proxy answers. `refused` is one of this server's own errors; its form depends on the operation, because the
 * stock client reads every answer in its own way (party-protocol.md, sections 3 to 5, is summed up in `calls-routes.ts`).
 */
export type ProxyAnswer =
  | { readonly kind: 'json'; readonly status: number; readonly body: object }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly fault?: SdpFault };

export const json = (status: number, body: object): ProxyAnswer => ({ kind: 'json', status, body });

export const refused = (code: ErrorCode, fault?: SdpFault): ProxyAnswer => ({
  kind: 'refused',
  code,
  ...(fault !== undefined && { fault }),
});

/** Whether the SFU takes our own key for no key of its own: an operator's business, and nobody else's. */
export const isKeyRefused = (status: number, { errorCode }: Pick<TracksReply, 'errorCode'>): boolean =>
  status === 401 || status === 403 || errorCode === 'unauthorized';

/** What an answer says of its own failure, if it is one. */
export function failureOf(status: number, reply: TracksReply): ProxyAnswer | undefined {
  const { errorCode, errorDescription } = reply;
  if (status < 300 && errorCode === undefined) return undefined;
  if (isKeyRefused(status, reply)) return refused('sfu_unavailable');
  return json(status, {
    errorCode: errorCode ?? 'internal_error',
    ...(errorDescription !== undefined && { errorDescription }),
  });
}
