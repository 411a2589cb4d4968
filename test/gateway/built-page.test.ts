import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readBuiltPage } from '../../src/gateway/built-page.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { loginCookie, startServer } from '../support/server.ts';

const cookie = loginCookie('ada');

/** Without what `fetch` does about encodings by itself. */
async function get(url: string, encoding: string): Promise<{ headers: Headers; body: Buffer }> {
  const { request } = await import('undici');
  const { headers, body } = await request(url, { headers: { cookie, 'accept-encoding': encoding } });
  return {
    headers: new Headers(headers as Record<string, string>),
    body: Buffer.from(await body.arrayBuffer()),
  };
}

test('the page of a room is sent as small as the browser takes it', async () => {
  const { url } = await startServer();
  const plain = await get(`${url}/daily`, 'identity');
  const [br, gz] = [
    await get(`${url}/daily`, 'gzip, deflate, br'),
    await get(`${url}/daily`, 'gzip, br;q=0'),
  ];
  expect([plain, br, gz].map(({ headers }) => headers.get('content-encoding'))).toEqual([null, 'br', 'gzip']);
  expect(brotliDecompressSync(br.body)).toEqual(plain.body);
  expect(gunzipSync(gz.body)).toEqual(plain.body);
  expect(br.headers.get('vary')).toBe('accept-encoding');
  expect(plain.headers.get('cache-control')).toBe('no-cache');
});

test('what the page loads may be kept for ever, and is within its budget', async () => {
  const { url } = await startServer();
  const document = (await get(`${url}/daily`, 'identity')).body.toString();
  const paths = [...document.matchAll(/(?:src|href)="(\/assets\/room-[^"]+)"/g)].map(([, path = '']) => path);
  expect(new Set(paths.map((path) => path.split('.').at(-1)))).toEqual(new Set(['css', 'js']));
  for (const path of paths) {
    const { headers, body } = await get(url + path, 'br');
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(headers.get('content-security-policy')).toContain("script-src 'self'");
    // 200 kB of script is the budget of the room; the media come with another 17.
    expect(body.length).toBeLessThan(100_000);
  }
});

test('without a build the page says so, and there is nothing to load', async () => {
  const folder = pathToFileURL(`${temporaryFolder()}/`);
  const { document, assets } = readBuiltPage(folder);
  expect(assets).toEqual({});
  expect(await document(undefined as never)).toMatchObject({ status: 503 });
});

test('a file without a compressed twin is sent as it is', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'room.html'), '<!doctype html>');
  writeFileSync(join(folder, 'assets/a-1.woff2'), 'font');
  const { assets } = readBuiltPage(pathToFileURL(`${folder}/`));
  const header = (name: string): string => (name === 'accept-encoding' ? 'br' : '');
  const answer = await assets['/assets/a-1.woff2']?.({ header } as never);
  expect(answer).toMatchObject({ status: 200, body: Buffer.from('font') });
  expect(answer?.headers).not.toHaveProperty('content-encoding');
});
