import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OUR_ROOT } from './contestants/contestants.ts';

const git = (...args: readonly string[]): void =>
  void execFileSync('git', ['-C', OUR_ROOT, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });

/**
 * Checks a ref out into a temporary worktree, which goes when this process ends, in whatever way; gives its root. The
 * packages are ours where its lock file is; else they are installed.
 */
export function checkOut(ref: string, say: (text: string) => void): string {
  const folder = mkdtempSync(join(tmpdir(), 'satsuma-before-'));
  const root = join(folder, 'tree');
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true });
    git('worktree', 'prune');
  });
  git('worktree', 'add', '--detach', root, ref);
  if (!existsSync(join(root, 'src/main.ts'))) throw new Error(`${ref} has no src/main.ts`);
  const lockOf = (tree: string): string => readFileSync(join(tree, 'package-lock.json'), 'utf8');
  if (lockOf(root) === lockOf(OUR_ROOT)) {
    symlinkSync(join(OUR_ROOT, 'node_modules'), join(root, 'node_modules'), 'dir');
  } else {
    say(`${ref} has another package-lock.json: installing its packages`);
    execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: root, stdio: ['ignore', 2, 2] });
  }
  return root;
}
