/**
 * Where to go after the login: the path of `value` when it is on this site, `/` otherwise. The answer never holds a
 * host, so it cannot lead elsewhere.
 */
export function safeReturnPath(value: string | null, host: string): string {
  if (value === null || value === '') return '/';
  const base = `http://${host}`;
  if (!URL.canParse(value, base)) return '/';
  const url = new URL(value, base);
  const onThisSite =
    url.host === new URL(base).host && (url.protocol === 'http:' || url.protocol === 'https:');
  // A path that starts with two slashes is read as a host.
  return onThisSite && !url.pathname.startsWith('//') ? url.pathname + url.search + url.hash : '/';
}
