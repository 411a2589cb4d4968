import { parseArgs } from 'node:util';
import { nanoid } from 'nanoid';
import { systemClock } from '../clock.ts';
import { ConfigError, loadConfig } from '../config.ts';
import { parseRoomName } from '../protocol/room-name.ts';
import { cleanDisplayName } from './display-name.ts';
import { ANY_ROOM, JoinTokens, MAX_SUBJECT_LENGTH } from './join-token.ts';

const USAGE = `usage: npm run token -- --room <name> --name <name> [options]

Prints a join token signed with JOIN_TOKEN_SECRET. As a link: http://localhost:8787/<room>?token=<token>

  --room <name>    the room that it opens; '*' for every room
  --name <name>    what its bearer is called
  --ttl <time>     how long it is valid: 90s, 30m, 12h, 7d (default 1h)
  --sub <id>       who its bearer is, over several tokens (default: a new id)
  --admin          may mute others, invite and dismiss the AI, whatever the policy
  --no-publish     watches and writes, without camera and microphone
  --hidden         watches without being shown
  --help
`;

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Seconds of `90s`, `30m`, `12h`, `7d`; `undefined` for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, amount = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds = Number(amount) * (UNIT_SECONDS[unit] ?? 0);
  return seconds > 0 ? seconds : undefined;
}

class UsageError extends Error {}

function needed(value: string | undefined, option: string): string {
  if (value === undefined || value === '') throw new UsageError(`--${option} is needed`);
  return value;
}

/** The token that the arguments describe. Throws for a person to read. */
export async function printToken(args: readonly string[], secret: string): Promise<string> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      room: { type: 'string' },
      name: { type: 'string' },
      ttl: { type: 'string', default: '1h' },
      sub: { type: 'string', default: nanoid() },
      admin: { type: 'boolean', default: false },
      'no-publish': { type: 'boolean', default: false },
      hidden: { type: 'boolean', default: false },
    },
  });
  const room = needed(values.room, 'room');
  if (room !== ANY_ROOM && parseRoomName(encodeURIComponent(room)) !== room) {
    throw new UsageError('--room is no name of a room (1 to 128 characters, no control characters, no /)');
  }
  const name = cleanDisplayName(needed(values.name, 'name'));
  if (name === undefined) throw new UsageError('--name is empty or too long');
  const sub = needed(values.sub, 'sub');
  if (sub.length > MAX_SUBJECT_LENGTH)
    throw new UsageError(`--sub is longer than ${MAX_SUBJECT_LENGTH} characters`);
  const lifetimeSeconds = parseDuration(values.ttl);
  if (lifetimeSeconds === undefined) throw new UsageError('--ttl is no time, such as 30m, 12h or 7d');
  if (secret === '') throw new UsageError('JOIN_TOKEN_SECRET is not set: the server would know no token');
  return new JoinTokens(secret, systemClock).sign(
    {
      sub,
      name,
      room,
      roomAdmin: values.admin,
      canPublish: !values['no-publish'],
      hidden: values.hidden,
    },
    lifetimeSeconds,
  );
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    process.stdout.write(USAGE);
    return;
  }
  try {
    const token = await printToken(args, loadConfig(process.env).joinTokenSecret);
    process.stdout.write(`${token}\n`);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    process.stderr.write(`token: ${text}\n${error instanceof ConfigError ? '' : `\n${USAGE}`}`);
    process.exit(2);
  }
}

if (import.meta.main) await main();
