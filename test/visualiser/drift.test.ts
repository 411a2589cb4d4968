import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createMachine } from 'xstate';
import { describe, expect, test } from 'vitest';
import { machines } from '../../machines/index.ts';
import { toChart } from '../../src/visualiser/chart.ts';
import { drawAll, drawMachine, drifted, printCharts } from '../../src/visualiser/print-charts.ts';
import { toStately } from '../../src/visualiser/stately.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = join(import.meta.dirname, '../../machines');
const command = join(import.meta.dirname, '../../src/visualiser/print-charts.ts');

test('the files in machines/ are as the machines say (if not: npm run statechart)', async () => {
  expect(drifted(await drawAll(machines), folder)).toEqual([]);
});

test('the same machines give the same bytes, in whatever order they are named', async () => {
  const backwards = Object.fromEntries(Object.entries(machines).toReversed());
  const [first, second] = [await drawAll(machines), await drawAll(backwards)];
  expect(Object.fromEntries(second)).toEqual(Object.fromEntries(first));
});

describe('a change of the room shows in its picture and its table', () => {
  const json = toStately(toChart(machines.room));
  const draw = (text: string): ReturnType<typeof drawMachine> =>
    drawMachine(createMachine(JSON.parse(text) as Parameters<typeof createMachine>[0]));

  test.each([
    ['a guard', '"isLastUser"', '"isFinalUser"'],
    ['a target', '"#room.aiActive.held"', '"#room.aiActive.free"'],
    ['a description', 'People, no AI.', 'People without an AI.'],
    ['an action', '"relayMessage"', '"passMessageOn"'],
    ['an event', '"message.relay"', '"message.pass"'],
  ])('%s', async (_, before, after) => {
    expect(json.split(before).length).toBeGreaterThan(1);
    const [old, changed] = [await draw(json), await draw(json.replace(before, after))];
    const same = Object.keys(old).filter((end) => old[end] === changed[end]);
    expect(same.filter((end) => end === 'svg' || end === 'md')).toEqual([]);
  });
});

describe('the command', () => {
  const run = async (...args: readonly string[]): Promise<{ code: number; lines: readonly string[] }> => {
    const lines: string[] = [];
    return { code: await printCharts(args, (line) => lines.push(line)), lines };
  };

  test('writes every file into the folder it is given, and finds them as they should be', async () => {
    const out = temporaryFolder();
    const written = await run('--out', out);
    expect(written.code).toBe(0);
    expect(written.lines.length).toBe(5 * Object.keys(machines).length);
    expect(readFileSync(join(out, 'room.svg'), 'utf8')).toBe(readFileSync(join(folder, 'room.svg'), 'utf8'));
    expect(await run('--check', '--out', out)).toEqual({
      code: 0,
      lines: [`${written.lines.length} files are as the machines say`],
    });
  });

  test('with --check names what is missing or different and writes nothing', async () => {
    const out = temporaryFolder();
    await run('--out', out);
    writeFileSync(join(out, 'room.md'), 'by hand');
    expect(await run('--check', '--out', out)).toEqual({
      code: 1,
      lines: ['room.md is not what the machine says: npm run statechart'],
    });
    expect(readFileSync(join(out, 'room.md'), 'utf8')).toBe('by hand');
    expect((await run('--check', '--out', join(out, 'nowhere'))).code).toBe(1);
  });

  test('with --help says how it is used', async () => {
    const { code, lines } = await run('--help');
    expect([code, lines[0]?.split('\n')[0]]).toEqual([0, 'usage: npm run statechart -- [options]']);
  });

  test('with an unknown option says so on standard error and exits with 2', async () => {
    const answer = promisify(execFile)(process.execPath, [command, '--colour'], { encoding: 'utf8' });
    await expect(answer).rejects.toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^statechart: Unknown option '--colour'[^]*usage: npm run statechart/),
    });
  });
});
