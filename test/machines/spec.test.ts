import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const spec = readFileSync(join(root, 'machines/SPEC.md'), 'utf8');
const rules = [...spec.matchAll(/^- \*\*([A-Z]\d+)\*\*/gm)].map((match) => match[1] ?? '');

/** Rule ids in the titles of all tests: in brackets, in a string that starts a test. */
const cited = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .flatMap((file) => {
    const source = readFileSync(join(root, 'test', file), 'utf8');
    return [...source.matchAll(/['"`]((?:\[[A-Z]\d+\] ?)+)/g)].flatMap((match) =>
      [...(match[1] ?? '').matchAll(/[A-Z]\d+/g)].map((id) => ({ file, rule: id[0] })),
    );
  });

test('every rule of SPEC.md is named by the title of a test', () => {
  const tested = new Set(cited.map(({ rule }) => rule));
  expect(rules.filter((rule) => !tested.has(rule))).toEqual([]);
});

test('every rule that a test names is in SPEC.md, once', () => {
  expect(cited.filter(({ rule }) => !rules.includes(rule))).toEqual([]);
  expect(rules.length).toBeGreaterThan(0);
  expect(new Set(rules).size).toBe(rules.length);
});
