/**
 * Whether a request may act in the name of the login it carries. A browser states the page's origin in every WebSocket
 * handshake and in every cross-site POST, so a request without the header does not come from a foreign page; it comes
 * from a program, which has no login to abuse but its own.
 *
 * @param origin - the `Origin` header; empty when absent
 * @param host - the host the request was made to, with port, as the client knows it
 */
export function originAllowed(origin: string, host: string, allowedOrigins: readonly string[]): boolean {
  if (origin === '') return true;
  const given = origin.toLowerCase();
  if (allowedOrigins.includes(given)) return true;
  if (host === '' || !URL.canParse(given)) return false;
  return new URL(given).host === host.toLowerCase() && given !== 'null';
}
