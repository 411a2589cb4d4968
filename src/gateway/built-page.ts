import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { textResponse } from './http-response.ts';
import type { Handler, Request, Response } from './request.ts';
import { CONTENT_TYPES, SECURITY_HEADERS } from './static-files.ts';

/** The page that `src/web/build.ts` has made: its document, and by path what it loads. */
export type BuiltPage = {
  readonly document: Handler;
  readonly assets: Readonly<Record<string, Handler>>;
};

const FOLDER = new URL('../../dist/web/', import.meta.url);
const COMPRESSED = /\.(?:br|gz)$/;
/** A file whose name has its hash never changes. */
const FOR_EVER = 'public, max-age=31536000, immutable';
const ENCODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;

/** Read once at start. Without a build the rooms work all the same, for whoever brings a page. */
export function readBuiltPage(folder = FOLDER): BuiltPage {
  const document = new URL('room.html', folder);
  if (!existsSync(document)) return { document: () => NOT_BUILT, assets: {} };
  const assets: Record<string, Handler> = {};
  for (const name of readdirSync(new URL('assets/', folder))) {
    if (!COMPRESSED.test(name))
      assets[`/assets/${name}`] = builtFile(new URL(`assets/${name}`, folder), FOR_EVER);
  }
  return { document: builtFile(document, 'no-cache'), assets };
}

const NOT_BUILT = textResponse(503, 'The page has not been built: `npm start` builds it.');

function builtFile(url: URL, cacheControl: string): Handler {
  const path = fileURLToPath(url);
  const plain = readFileSync(path);
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
  const headers = {
    ...SECURITY_HEADERS,
    'content-type': CONTENT_TYPES[extname(url.pathname)] ?? 'application/octet-stream',
    'cache-control': cacheControl,
    vary: 'accept-encoding',
    etag,
  };
  const encoded = ENCODINGS.flatMap(([encoding, suffix]) => {
    if (!existsSync(path + suffix)) return [];
    const body = readFileSync(path + suffix);
    const response: Response = { status: 200, headers: { ...headers, 'content-encoding': encoding }, body };
    return [[encoding, response] as const];
  });
  const whole: Response = { status: 200, headers, body: plain };
  const unchanged: Response = { status: 304, headers, body: '' };
  return (request) => {
    if (request.header('if-none-match') === etag) return unchanged;
    return encoded.find(([encoding]) => accepts(request, encoding))?.[1] ?? whole;
  };
}

const accepts = (request: Request, encoding: string): boolean =>
  request
    .header('accept-encoding')
    .toLowerCase()
    .split(',')
    .some((offer) => {
      const [name = '', ...parameters] = offer.split(';').map((part) => part.trim());
      return name === encoding && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
    });
