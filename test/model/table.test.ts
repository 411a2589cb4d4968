import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { roomMachine } from '../../machines/room.machine.ts';
import { faultOf } from './check.ts';
import { columnInWords, readSpecTable } from './spec-table.ts';
import { STATES } from './states.ts';
import { columnCheck } from './table.check.ts';

const spec = readFileSync(join(import.meta.dirname, '../../machines/SPEC.md'), 'utf8');

describe('every event does what the table says, and nothing else', () => {
  test('[R1] [R2] [R3] [R5] [R12] [R14] [R31] where nobody is', async () => {
    expect(await faultOf(columnCheck('idle'), roomMachine)).toBe('');
  });

  test('[R4] [R6] [R7] [R8] [R9] [R10] [R11] [R13] [R15] [R20] [R29] [R32] among people without an AI', async () => {
    expect(await faultOf(columnCheck('active'), roomMachine)).toBe('');
  });

  test('[R16] [R17] [R18] [R19] [R20] [R29] while a call is being opened', async () => {
    expect(await faultOf(columnCheck('aiConnecting'), roomMachine)).toBe('');
  });

  test('[R13] [R20] [R21] [R22] [R23] [R27] [R32] with an AI that nobody talks to', async () => {
    expect(await faultOf(columnCheck('aiActive.free'), roomMachine)).toBe('');
  });

  test('[R24] [R25] [R26] [R27] [R28] while control is being granted', async () => {
    expect(await faultOf(columnCheck('aiActive.granting'), roomMachine)).toBe('');
  });

  test('[R13] [R21] [R22] [R26] [R27] [R28] while control is held', async () => {
    expect(await faultOf(columnCheck('aiActive.held'), roomMachine)).toBe('');
  });
});

test('the table of SPEC.md says the same, in its words', () => {
  const columns = Object.fromEntries(STATES.map((state) => [state, columnInWords(state)]));
  expect(readSpecTable(spec)).toEqual(columns);
});
