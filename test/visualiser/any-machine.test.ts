import fc from 'fast-check';
import { createMachine } from 'xstate';
import { expect, test } from 'vitest';
import { toChart } from '../../src/visualiser/chart.ts';
import { layOut, type Rectangle } from '../../src/visualiser/layout.ts';

type Config = NonNullable<Parameters<typeof createMachine>[0]>;

type Tree = { readonly isParallel: boolean; readonly inside: readonly Tree[] };

/** A state with up to three states inside, and so on. */
const treeOf = (levels: number): fc.Arbitrary<Tree> =>
  fc.record({
    isParallel: fc.boolean(),
    inside: levels === 0 ? fc.constant([]) : fc.array(treeOf(levels - 1), { maxLength: 3 }),
  });
/** From and to by numbers, of which each machine takes the rest by the count of its states. */
const edge = fc.record({ from: fc.nat(999), to: fc.nat(999), isGuarded: fc.boolean() });
type Edge = typeof edge extends fc.Arbitrary<infer T> ? T : never;

function pathsOf({ inside }: Tree, path: string): readonly string[] {
  return [path, ...inside.flatMap((child, index) => pathsOf(child, `${path}-${index}`))];
}

function configOf(
  { isParallel, inside }: Tree,
  path: string,
  paths: readonly string[],
  edges: readonly Edge[],
): Config {
  const own = edges.filter(({ from }) => paths[from % paths.length] === path);
  const states = inside.map(
    (child, index) => [`k${index}`, configOf(child, `${path}-${index}`, paths, edges)] as const,
  );
  return {
    id: path,
    on: Object.fromEntries(
      own.map(({ to, isGuarded }, index) => [
        `something.happens.${index}`,
        {
          target: `#${paths[to % paths.length] ?? path}`,
          actions: ['doThis', 'doThat'],
          ...(isGuarded ? { guard: 'isSo' } : {}),
        },
      ]),
    ),
    ...(states.length === 0 ? {} : isParallel ? { type: 'parallel' } : { initial: 'k0' }),
    ...(states.length === 0 ? {} : { states: Object.fromEntries(states) }),
  };
}

const overlap = (a: Rectangle, b: Rectangle): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

test('edges between any two states of any machine are drawn, and no label lies on another or on text', async () => {
  await fc.assert(
    fc.asyncProperty(treeOf(3), fc.array(edge, { minLength: 1, maxLength: 15 }), async (shape, edges) => {
      const machine = createMachine(configOf(shape, 'm', pathsOf(shape, 'm'), edges));
      const layout = await layOut(toChart(machine));
      expect(layout.edges.filter(({ lines }) => lines.some((line) => line.length < 2))).toEqual([]);
      const texts = layout.states.map(({ box, ...place }) => ({ ...place, height: box.height }));
      const labels = layout.edges.map(({ label }) => label);
      const covered = labels.filter((label, index) =>
        [...labels.slice(index + 1), ...texts].some((other) => overlap(label, other)),
      );
      expect(covered).toEqual([]);
    }),
    { numRuns: 20, seed: 20_261_121 },
  );
});
