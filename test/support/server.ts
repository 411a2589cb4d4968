import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createApp, loadConfig, MemoryStore, type App, type Overrides } from '../../src/app.ts';
import { signSession } from '../../src/identity/session-cookie.ts';
import { createLog } from '../../src/log.ts';
import { FakeClock } from './fake-clock.ts';
import { TestClient, type Refusal } from './test-client.ts';

export const SECRET = 'a secret for tests that is long enough for the rule';

/** The `cookie` header of a login; two logins of one name differ by `sid`. */
export const loginCookie = (name: string, sid: string = name): string =>
  `__session=${encodeURIComponent(signSession({ username: name, sid }, SECRET))}`;

export type TestServer = {
  readonly app: App;
  readonly clock: FakeClock;
  readonly port: number;
  readonly adminPort: number;
  readonly url: string;
  /** Log lines so far, parsed. */
  readonly logLines: Record<string, unknown>[];
  /** Opens a socket to a room and waits until it is open; `_pk` is `id`, the login is `name`. */
  connect(options: ConnectOptions): Promise<TestClient>;
  /** Opens a socket that is expected to be refused. */
  refused(options: ConnectOptions): Promise<Refusal>;
};

export type ConnectOptions = {
  /** Raw path segment; `room` by default. */
  readonly room?: string;
  readonly id?: string;
  readonly name?: string;
  readonly sid?: string;
  /** In place of the path and query made from `room` and `id`. */
  readonly path?: string;
  /** In place of, or beside, the login's cookie. */
  readonly headers?: Record<string, string | string[]>;
};

/**
 * A whole server on loopback, on ports of its own, with time in the test's hand; it ends with the test. It forgets
 * everything with its end, unless the test gives it a `DATA_DIR` or a store.
 */
export async function startServer(
  environment: Record<string, string> = {},
  overrides: Overrides = {},
): Promise<TestServer> {
  const clock = new FakeClock();
  const dataDir = mkdtempSync(join(tmpdir(), 'satsuma-test-'));
  const config = loadConfig({
    HOST: '127.0.0.1',
    PORT: '0',
    ADMIN_PORT: '0',
    DATA_DIR: dataDir,
    SESSION_SECRETS: SECRET,
    LOG_LEVEL: 'debug',
    EMBEDDED_SFU: 'false',
    ...environment,
  });
  const logLines: Record<string, unknown>[] = [];
  const log = createLog(config.logLevel, {
    write: (line) => void logLines.push(JSON.parse(line) as Record<string, unknown>),
  });
  const memory = environment['DATA_DIR'] === undefined ? { store: new MemoryStore() } : {};
  const app = createApp(config, { clock, log, ...memory, ...overrides });
  const { port, adminPort } = await app.listen();
  const clients: TestClient[] = [];
  onTestFinished(async () => {
    await app.close();
    for (const client of clients) client.drop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const open = (options: ConnectOptions): TestClient => {
    const { room = 'room', id, name = 'alice', sid = name } = options;
    const query = id === undefined ? '' : `?_pk=${encodeURIComponent(id)}`;
    const client = new TestClient(
      `ws://127.0.0.1:${port}${options.path ?? `/parties/rooms/${room}${query}`}`,
      options.headers ?? { cookie: loginCookie(name, sid) },
    );
    clients.push(client);
    return client;
  };
  return {
    app,
    clock,
    port,
    adminPort,
    url: `http://127.0.0.1:${port}`,
    logLines,
    connect: async (options) => {
      const client = open(options);
      await client.opened;
      return client;
    },
    refused: (options) => open(options).refused,
  };
}
