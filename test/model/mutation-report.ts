import type { Judgement } from './mutant-worker.ts';

/** A mutant's name and what became of it. */
export type Verdict = Judgement & { readonly name: string };

/** Of the mutants that are not equivalent, at least so many of a hundred must be killed. */
const NEEDED_PERCENT = 95;

const percent = (part: number, whole: number): number => (whole === 0 ? 100 : (100 * part) / whole);
const list = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];

/** The figures, the survivors, and whether all is as it should be. */
export function report(
  verdicts: readonly Verdict[],
  equivalents: Readonly<Record<string, string>>,
): { readonly text: string; readonly isGood: boolean } {
  const killed = verdicts.filter(({ killedBy }) => killedBy !== null);
  const survivors = verdicts.filter(({ killedBy }) => killedBy === null).map(({ name }) => name);
  const equivalent = survivors.filter((name) => name in equivalents);
  const missed = survivors.filter((name) => !(name in equivalents));
  const wrong = killed.filter(({ name }) => name in equivalents);
  const score = percent(killed.length, verdicts.length - equivalent.length);
  const by = new Map<string, number>();
  for (const { killedBy } of killed) by.set(killedBy ?? '', (by.get(killedBy ?? '') ?? 0) + 1);
  const lines = [
    ...list(
      'Survivors that are equivalent:',
      equivalent.map((name) => `${name}\n      ${equivalents[name]}`),
    ),
    ...list('SURVIVORS:', missed),
    ...list(
      'LISTED AS EQUIVALENT, BUT KILLED:',
      wrong.map(({ name, killedBy, why }) => `${name}\n      by ${killedBy}: ${why}`),
    ),
    '',
    `mutants      ${verdicts.length}`,
    `killed       ${killed.length}`,
    ...[...by].map(([check, count]) => `  by ${check}: ${count}`),
    `equivalent   ${equivalent.length}`,
    `score        ${score.toFixed(1)} % of those that are not equivalent (${NEEDED_PERCENT} % needed)`,
  ];
  const isGood = score >= NEEDED_PERCENT && missed.length === 0 && wrong.length === 0;
  return { text: `${lines.join('\n')}\n`, isGood };
}
