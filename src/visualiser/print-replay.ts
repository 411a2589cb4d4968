import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { replay, type Replayed } from './replay.ts';
import type { SeenState, Trace } from './trace.ts';

const USAGE = `usage: npm run replay -- <trace.json>

Runs the machine over a trace that the live view of a room has written, and compares its state after each event with the
recorded one. Exit code 0: the same to the end; 1: the machine decides otherwise; 2: the file is no trace.
`;

const stateSchema = z.object({
  value: z.union([z.string(), z.record(z.string(), z.unknown())]),
  context: z.looseObject({ users: z.array(z.looseObject({ id: z.string() })) }),
});

/** What a replay relies on; the rest of a trace is the machine's own data. */
const traceSchema = z.looseObject({
  format: z.literal('satsuma-trace/1'),
  machine: z.literal('room'),
  room: z.string(),
  start: stateSchema,
  steps: z.array(
    z.looseObject({
      seq: z.number(),
      outcome: z.enum(['taken', 'ignored', 'refused']),
      event: z.looseObject({ type: z.string() }),
      transitions: z.array(z.string()),
      value: stateSchema.shape.value,
    }),
  ),
  end: stateSchema,
});

/** Reads the text of a trace; throws for a person to read. */
export function parseTrace(text: string): Trace {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('the file is not JSON');
  }
  const parsed = traceSchema.safeParse(value);
  if (parsed.success) return parsed.data as unknown as Trace;
  const [issue] = parsed.error.issues;
  throw new Error(`the file is no trace: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

const say = ({ value, context }: SeenState): string => `${JSON.stringify(value)}, ${JSON.stringify(context)}`;

/** What came of a replay, for a person. */
export function report(result: Replayed): string {
  if (result.ok) {
    const { value, context } = result.end;
    return `${result.events} events, and the same end: ${JSON.stringify(value)} with ${context.users.length} users\n`;
  }
  const { seq, event, recorded, replayed } = result;
  const where = seq === 0 ? 'At the end' : `After step ${seq}, ${JSON.stringify(event)}`;
  return `${where}, the machine decides otherwise:\n  recorded: ${say(recorded)}\n  replayed: ${say(replayed)}\n`;
}

function main(): void {
  const [file, ...rest] = process.argv.slice(2);
  if (file === '--help') {
    process.stdout.write(USAGE);
    return;
  }
  if (file === undefined || rest.length > 0 || file.startsWith('-')) {
    process.stderr.write(USAGE);
    process.exit(2);
  }
  let result: Replayed;
  try {
    result = replay(parseTrace(readFileSync(file, 'utf8')));
  } catch (error) {
    process.stderr.write(`replay: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  }
  process.stdout.write(report(result));
  if (!result.ok) process.exit(1);
}

if (import.meta.main) main();
