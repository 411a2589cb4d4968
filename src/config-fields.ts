import { isIP } from 'node:net';
import { z } from 'zod';

// How single settings are read from text. config.ts says which there are.

export const integer = (min: number, max: number, fallback: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);

export const port = (fallback: number) => integer(0, 65_535, fallback);

/** A duration; below 2^31 ms because Node fires longer timers at once. */
export const durationMs = (fallback: number, min = 0) => integer(min, 2 ** 31 - 1, fallback);

export const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  );

export const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true');

/** The secret that the original server shipped in its public source: anyone can sign with it. */
const PUBLIC_SECRET = 'oooOOooOOoOOoOOOOoo';
const MIN_SECRET_LENGTH = 32;

export const secrets = list.refine(
  (values) => values.every((value) => value.length >= MIN_SECRET_LENGTH && value !== PUBLIC_SECRET),
  `each secret must have at least ${MIN_SECRET_LENGTH} characters, and must not be the original server's public one`,
);

export const origins = list.refine(
  (values) => values.every((value) => URL.canParse(value) && new URL(value).origin === value.toLowerCase()),
  'must be origins such as https://meet.example.org, separated by commas',
);

const isRange = (text: string): boolean => {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  const longest = family === 4 ? 32 : 128;
  return (
    family !== 0 &&
    rest.length === 0 &&
    (prefix === undefined || (/^\d+$/.test(prefix) && Number(prefix) <= longest))
  );
};

export const ranges = list.refine(
  (values) => values.every(isRange),
  'must be addresses or CIDR ranges, separated by commas',
);

export const JWT_SECRET = z
  .string()
  .default('')
  .refine(
    (value) => value === '' || value.length >= MIN_SECRET_LENGTH,
    `must have at least ${MIN_SECRET_LENGTH} characters`,
  );

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Secrets travel to these: only over TLS, unless it is this machine. */
export const isSafeUrl = (text: string): boolean => {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username } = new URL(text);
  return username === '' && (protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname)));
};

export const safeUrl = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .refine(
      (text) => text === '' || isSafeUrl(text),
      'must be an https URL (http only to this machine), without a user name',
    );

/** A host name stands for https. */
export const origin = z
  .string()
  .default('')
  .transform((text) => (text === '' || text.includes('://') ? text : `https://${text}`))
  .refine((text) => text === '' || isSafeUrl(text), 'must be a host name or an https origin')
  .transform((text) => (text === '' ? '' : new URL(text).origin));

const SEGMENT = /^[\w-]*$/;
export const segment = z
  .string()
  .default('')
  .refine((text) => SEGMENT.test(text), 'must be letters, digits, - and _');

/** On unless it is switched off. */
export const flagOn = z
  .enum(['true', 'false'])
  .default('true')
  .transform((text) => text === 'true');

/** A port, or the first and the last of a range, as `8788-8797`. */
export const portRange = (fallback: string) =>
  z
    .string()
    .regex(/^\d{1,5}(?:-\d{1,5})?$/, 'must be a port, or a range as 8788-8797')
    .default(fallback)
    .transform((text) => {
      const [from = 0, to = from] = text.split('-').map(Number);
      return { from, to };
    })
    .refine(
      ({ from, to }) => to <= 65_535 && from <= to && (from > 0 || to === 0),
      'must be a port from 0 to 65535, or a range that ends behind its start',
    );

/** An IP address, or nothing. */
export const address = z
  .string()
  .default('')
  .refine((text) => text === '' || isIP(text) !== 0, 'must be an IP address');
