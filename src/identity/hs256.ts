import { createHmac, timingSafeEqual } from 'node:crypto';

const MAX_LENGTH = 4_096;
const FORM = /^([\w-]+)\.([\w-]+)\.([\w-]{43})$/;

function parse(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Critical extensions are to be refused by whoever does not know them (RFC 7515, 4.1.11). */
const isPlain = (header: Readonly<Record<string, unknown>> | undefined): boolean =>
  header !== undefined && header['alg'] === 'HS256' && !('crit' in header) && !('b64' in header);

/**
 * The claims of a compact JWS (RFC 7515) that `key` signed with HMAC-SHA256, and with nothing else.
 *
 * jose, which signs these tokens and verifies everybody else's, answers some turns of the event loop later (webcrypto).
 * A handshake must be answered in the turn in which it came: uWebSockets.js reads freed memory when it upgrades later (its
 * issue 1928), and cuts the new connection.
 */
export function verifyHs256(token: string, key: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  const [, header = '', payload = '', signature = ''] =
    token.length <= MAX_LENGTH ? (FORM.exec(token) ?? []) : [];
  if (signature === '' || !isPlain(parse(header))) return undefined;
  const expected = createHmac('sha256', key).update(`${header}.${payload}`).digest();
  const given = Buffer.from(signature, 'base64url');
  // 43 characters hold two bits more than 32 bytes: only one way of writing them is the signature.
  const isGenuine = timingSafeEqual(given, expected) && given.toString('base64url') === signature;
  return isGenuine ? parse(payload) : undefined;
}
