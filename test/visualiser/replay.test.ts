import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseTrace, report } from '../../src/visualiser/print-replay.ts';
import { replay } from '../../src/visualiser/replay.ts';
import type { Trace } from '../../src/visualiser/trace.ts';
import { endOfTurn } from '../support/fake-clock.ts';
import { liveViewOf, Onlooker } from '../support/onlooker.ts';
import { mls, roomOf, update } from '../support/room-of.ts';

/** A trace of a room in which these things are said, by one of three users. */
async function traceOf(deeds: readonly (readonly [number, unknown])[]): Promise<Trace> {
  const [rooms, ...connections] = await roomOf(['a', 'b', 'c']);
  const live = liveViewOf(rooms);
  const onlooker = new Onlooker(live);
  for (const [who, message] of deeds) {
    const connection = connections[who];
    if (message === 'wait') rooms.clock.advance(5_000);
    else if (rooms.registry.get('room') === undefined) rooms.join('a');
    else if (connection !== undefined) rooms.say(connection, message);
    await endOfTurn();
  }
  onlooker.view.resume();
  const text = live.traceText('room', false);
  if (text === undefined) throw new Error('there is no trace');
  return parseTrace(text);
}

const TRACK = { sessionId: 's', trackName: 't' };
const message = fc.oneof(
  fc.constant(update()),
  fc.boolean().map((raisedHand) => update({ raisedHand })),
  fc.constantFrom('one', 'two').map((transceiverSessionId) => update({ transceiverSessionId })),
  fc.constantFrom('a', 'b', 'x').map((id) => ({ type: 'muteUser', id })),
  fc.constantFrom('a', 'b', 'x').map((to) => ({ type: 'directMessage', to, message: 'hello' })),
  fc.constantFrom<unknown>(
    mls(1),
    { type: 'enableAi', voice: 'ash', instructions: 'be kind' },
    { type: 'disableAi' },
    { type: 'requestAiControl', track: TRACK },
    { type: 'requestAiControl' },
    { type: 'relenquishAiControl' },
    { type: 'establishAiPeerConnection', sdp: 'v=0' },
    { type: 'userLeft' },
    { type: 'xstate.stop' },
    'wait',
  ),
);

const DEEDS = [
  [0, update({ raisedHand: true })],
  [0, { type: 'requestAiControl', track: TRACK }],
  [1, { type: 'enableAi' }],
  [2, { type: 'userLeft' }],
] as const;

describe('a trace', () => {
  test('[L6] leads through the same states to the same end, whatever has happened', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(2), message), { maxLength: 40 }), async (deeds) => {
        const trace = await traceOf([...deeds, [0, update({ speaking: true })]]);
        expect(replay(trace)).toMatchObject({ ok: true, end: trace.end });
      }),
      { numRuns: 60, seed: 6 },
    );
  }, 60_000);

  test('[L6] of which something was altered does not', async () => {
    const trace = await traceOf(DEEDS);
    const altered = trace.steps.map((step) =>
      step.event.type === 'ai.enable' ? { ...step, event: { ...step.event, by: 'nobody' } } : step,
    );
    const result = replay({ ...trace, steps: altered });
    expect(result).toMatchObject({
      ok: false,
      event: 'ai.enable',
      recorded: { value: 'aiConnecting' },
      replayed: { value: 'active' },
    });
    expect(report(result)).toMatch(
      /^After step \d+, "ai.enable", the machine decides otherwise:\n {2}recorded: "aiConnecting"/,
    );
    expect(replay({ ...trace, end: { ...trace.end, value: 'idle' } })).toMatchObject({ ok: false, seq: 0 });
  });
});

const nowhere = {
  value: 'nowhere',
  context: { meetingId: null, users: [], invitation: null, session: null, controller: null, aiFailure: null },
};
const strange = JSON.stringify({
  format: 'satsuma-trace/1',
  machine: 'room',
  room: 'r',
  start: nowhere,
  steps: [],
  end: nowhere,
});

describe('npm run replay', () => {
  const run = (...args: string[]) => {
    const main = join(import.meta.dirname, '../../src/visualiser/print-replay.ts');
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
    return { status, stdout, stderr: stderr.replaceAll(/^\(.*\n/gm, '') };
  };
  const file = (text: string): string => {
    const folder = mkdtempSync(join(tmpdir(), 'satsuma-trace-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'trace.json');
    writeFileSync(path, text);
    return path;
  };

  test('[L6] says how a replay has ended, and exits by it', async () => {
    const trace = await traceOf(DEEDS);
    expect(run(file(JSON.stringify(trace)))).toEqual({
      status: 0,
      stdout: '5 events, and the same end: "active" with 2 users\n',
      stderr: '',
    });
    const [first, ...others] = trace.steps;
    const { status, stdout } = run(file(JSON.stringify({ ...trace, steps: others })));
    expect([first?.event.type, status]).toEqual(['user.updated', 1]);
    expect(stdout).toContain('the machine decides otherwise');
  });

  test.each([
    ['nothing', []],
    ['an unknown option', ['--fast']],
    ['a file that is not there', ['/nowhere/trace.json']],
    ['a file that is not JSON', ['hello']],
    ['JSON that is no trace', ['{"format":"satsuma-trace/1"}']],
    ['a trace of a state that there is not', [strange]],
  ])('[L6] refuses %s with exit code 2', (_, args) => {
    const { status, stdout, stderr } = run(...args.map((arg) => (/^[h{]/.test(arg) ? file(arg) : arg)));
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^(?:usage: npm run replay|replay: )/);
  });
});
