import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const ROOT = join(import.meta.dirname, '../..');
const BUILT = join(ROOT, 'dist/web');
const STAMP = 'built.json';

/** What the page is made of; the lock file stands for the packages. */
const SOURCES = ['src/web/**/*', 'src/client/**/*', 'src/protocol/messages.ts', 'package-lock.json'];
const COMPRESSED = /\.(?:html|js|css|svg)$/;

function hashOfSources(): string {
  const hash = createHash('sha256');
  const files = globSync(SOURCES, { cwd: ROOT, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const path of files.map((entry) => join(entry.parentPath, entry.name)).toSorted()) {
    hash.update(path.slice(ROOT.length)).update('\0').update(readFileSync(path)).update('\0');
  }
  return hash.digest('hex');
}

function builtHash(): unknown {
  try {
    return (JSON.parse(readFileSync(join(BUILT, STAMP), 'utf8')) as { hash: unknown }).hash;
  } catch {
    // It has not been built, or not to its end.
    return undefined;
  }
}

/** Builds the page unless it was built from exactly these sources. Says whether it did. */
export async function buildPage(): Promise<boolean> {
  const hash = hashOfSources();
  if (builtHash() === hash) return false;
  // Loaded only when it is needed: a start with a built page should not wait for it.
  const { build } = await import('vite');
  // Beside the page that is there, which a running server may be about to read.
  const folder = `${BUILT}-${process.pid}`;
  await build({
    root: join(ROOT, 'src/web'),
    configFile: false,
    logLevel: 'warn',
    // What the page is made of beside scripts is served by the gateway.
    publicDir: false,
    // The same page whatever NODE_ENV is, which Vite would ask: tests and people are served this one build.
    mode: 'production',
    define: { 'process.env.NODE_ENV': '"production"' },
    oxc: { jsx: { runtime: 'automatic', development: false } },
    build: {
      outDir: folder,
      emptyOutDir: true,
      // As a data URL a small file would need a hole in the content security policy.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: { input: join(ROOT, 'src/web/room.html') },
    },
  });
  await compressAll(folder);
  writeFileSync(join(folder, STAMP), JSON.stringify({ hash }));
  rmSync(BUILT, { recursive: true, force: true });
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  renameSync(folder, BUILT);
  return true;
}

/** Once and as small as it gets, for all the times that it is sent. */
async function compressAll(folder: string): Promise<void> {
  const files = globSync('**/*', { cwd: folder }).filter((file) => COMPRESSED.test(file));
  await Promise.all(
    files.map(async (file) => {
      const path = join(folder, file);
      const content = readFileSync(path);
      const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
      writeFileSync(`${path}.br`, await promisify(brotliCompress)(content, quality));
      writeFileSync(`${path}.gz`, await promisify(gzip)(content, { level: constants.Z_BEST_COMPRESSION }));
    }),
  );
}

if (import.meta.main) {
  if (await buildPage()) process.stdout.write('The page has been built.\n');
}
