import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { signSession } from '../../../src/identity/session-cookie.ts';
import type { Programs } from '../compiler.ts';
import { freePort, type Command } from '../server-process.ts';

/** `before` is the server of `--against`; `node-sockets` stands for `c-loop` where no compiler is. */
export const CONTESTANTS = ['satsuma', 'before', 'c-loop', 'node-sockets', 'uws', 'ws', 'socket-io'] as const;
export type ContestantName = (typeof CONTESTANTS)[number];

export type Task = 'relay' | number;

/** Where one client goes. */
export type Seat = { readonly path: string; readonly cookie: string };

/** A server to be measured, and how to speak with it. */
export type Contestant = {
  readonly command: (task: Task, env: Readonly<Record<string, string>>) => Promise<Command>;
  readonly seat: (room: string, id: string, name: string, features: string) => Seat;
  /** A message as this server's clients send it. */
  readonly wrap: (json: string) => string;
  /** What a client says first, and how many texts it gets before it counts as connected. */
  readonly hello: { readonly text: string; readonly texts: number };
};

const SECRET = 'a secret for the benchmark that is long enough';
const ANYTHING = '1000000';
/** An hour: longer than any measurement. */
const NEVER_MS = '3600000';

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
export const OUR_ROOT = here('../../..');

/** No limit is to be met, and nothing happens but what the load brings about. */
const OUR_ENVIRONMENT = {
  HOST: '127.0.0.1',
  ADMIN_PORT: '0',
  LOG_LEVEL: 'warn',
  EMBEDDED_SFU: 'false',
  SESSION_SECRETS: SECRET,
  MAX_CONNECTIONS_PER_ADDRESS: ANYTHING,
  MAX_USERS_PER_ROOM: '100000',
  MAX_ROOMS: ANYTHING,
  MAX_FRAMES_PER_SECOND: ANYTHING,
  PERIODIC_STATE_MS: '0',
  HEARTBEAT_TIMEOUT_MS: NEVER_MS,
  DRAIN_SECONDS: '0',
};

/** A server of this project as `npm start` runs it, from any folder: so an older one can be driven by this load. */
const satsuma = (root: string, execArgv: readonly string[]): Contestant => ({
  command: async (_task, env) => {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'satsuma-bench-'));
    return {
      command: process.execPath,
      args: ['--disable-warning=ExperimentalWarning', ...execArgv, 'src/main.ts'],
      cwd: root,
      env: { ...OUR_ENVIRONMENT, PORT: String(port), DATA_DIR: folder, ...env },
      port,
      folder,
    };
  },
  seat: (room, id, name, features) => ({
    path: `/parties/rooms/${room}?_pk=${id}${features === '' ? '' : `&features=${features}`}`,
    cookie: `__session=${encodeURIComponent(signSession({ username: name, sid: id }, SECRET))}`,
  }),
  wrap: (json) => json,
  hello: { text: '-', texts: 1 },
});

const plain = (command: string, args: readonly string[]): Contestant => ({
  command: (task) => Promise.resolve({ command, args: [...args, String(task)] }),
  seat: (room) => ({ path: `/${room}`, cookie: '' }),
  wrap: (json) => json,
  hello: { text: '-', texts: 0 },
});

const inNode = (file: string): Contestant =>
  plain(process.execPath, ['--disable-warning=ExperimentalWarning', here(file)]);

const socketIo: Contestant = {
  ...inNode('socket-io.ts'),
  seat: (room) => ({ path: `/socket.io/?EIO=4&transport=websocket&room=${room}`, cookie: '' }),
  wrap: (json) => `42["m",${json}]`,
  // Connects to the default namespace; the server's greeting and its answer come before anything else.
  hello: { text: '40', texts: 2 },
};

/** Who is there on this machine, in the order of the tables. */
export function contestants(
  programs: Programs | undefined,
  beforeRoot: string | undefined,
  execArgv: readonly string[] = [],
): ReadonlyMap<ContestantName, Contestant> {
  const all: [ContestantName, Contestant | undefined][] = [
    ['satsuma', satsuma(OUR_ROOT, execArgv)],
    ['before', beforeRoot === undefined ? undefined : satsuma(beforeRoot, execArgv)],
    ['c-loop', programs && plain(programs.loop, [])],
    ['node-sockets', programs ? undefined : inNode('node-sockets.ts')],
    ['uws', inNode('raw-uws.ts')],
    ['ws', inNode('ws.ts')],
    ['socket-io', socketIo],
  ];
  return new Map(all.filter((entry): entry is [ContestantName, Contestant] => entry[1] !== undefined));
}
