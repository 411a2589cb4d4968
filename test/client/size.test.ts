import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

type Bundle = { readonly kilobytes: number; readonly modules: readonly string[] };

/** What a page gets that uses these names of an entry, with all its packages but React; the first script, gzipped. */
async function bundleOf(entry: string, names: string): Promise<Bundle> {
  const bundle = await rolldown({
    input: 'page',
    cwd: ROOT,
    platform: 'browser',
    external: ['react'],
    transform: { define: { 'process.env.NODE_ENV': '"production"' } },
    plugins: [
      {
        name: 'page',
        resolveId: (id) => (id === 'page' ? '\0page' : null),
        load: (id) =>
          id === '\0page'
            ? `import { ${names} } from ${JSON.stringify(join(ROOT, entry))}; globalThis.used = [${names}];`
            : null,
      },
    ],
  });
  const { output } = await bundle.generate({ minify: true });
  const [first] = output;
  return {
    kilobytes: gzipSync(first.code).length / 1000,
    modules: output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : [])),
  };
}

/** What the README promises. */
function promised(name: string): number {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const kilobytes = new RegExp(`^\\| \`${name}\` .*\\| ([\\d.]+) kB`, 'm').exec(readme)?.[1];
  if (kilobytes === undefined) throw new Error(`the README says nothing of ${name}`);
  return Number(kilobytes);
}

test.each([
  ['satsuma/client', 'src/client/index.ts', 'RoomClient'],
  ['satsuma/client/media', 'src/client/media/index.ts', 'RoomMedia'],
  ['satsuma/react', 'src/client/react.ts', 'useRoom, usePresence'],
])('%s is no larger than the README says, and not a tenth smaller', async (name, entry, names) => {
  const { kilobytes } = await bundleOf(entry, names);
  expect(kilobytes).toBeLessThanOrEqual(promised(name));
  expect(kilobytes).toBeGreaterThan(promised(name) * 0.9);
});

test('the core brings neither zod nor the media, and nothing of Node', async () => {
  const { modules } = await bundleOf('src/client/index.ts', 'RoomClient');
  const packages = new Set(modules.flatMap((id) => /node_modules\/([^/]+)/.exec(id)?.[1] ?? []));
  expect([...packages]).toEqual(['partysocket']);
  expect(modules.filter((id) => id.startsWith('node:'))).toEqual([]);
});

test('what is not used is not there', async () => {
  const { modules } = await bundleOf('src/client/index.ts', 'presenceChanges');
  expect(modules.filter((id) => id.includes('node_modules'))).toEqual([]);
});
