import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { createApp, loadConfig, MemoryStore, type App, type Overrides } from '../../src/app.ts';
import { loginCookie, SECRET } from '../support/server.ts';
import { TestClient } from '../support/test-client.ts';

/** A whole server with its admin port on loopback, its rooms, and who looks on. It ends with the test. */
export type AdminSite = {
  /** Of the admin port. */
  readonly url: string;
  /** Errors in any page's console, violations of the content security policy included, and uncaught exceptions. */
  readonly complaints: readonly string[];
  visit(path: string, options?: BrowserContextOptions): Promise<Page>;
  /** Enters a room and waits until the server has heard it. */
  enter(id: string, name: string, room?: string): Promise<TestClient>;
  /** Stops the server, and starts it again on the same ports. */
  stop(): Promise<void>;
  start(): Promise<void>;
};

/** Who is silent is not taken for dead: the tests send no heartbeats. */
const PATIENT = { HEARTBEAT_TIMEOUT_MS: String(2 ** 31 - 1), MAX_FRAMES_PER_SECOND: '1000000' };

/** See `site.ts`: on a port that the server finds by itself it cannot be started again. */
function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

export async function openAdminSite(
  browser: Browser,
  overrides: Overrides = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<AdminSite> {
  const dataDir = mkdtempSync(join(tmpdir(), 'satsuma-admin-'));
  const [port, adminPort] = [await freePort(), await freePort()];
  const start = async (): Promise<App> => {
    const started = createApp(
      loadConfig({
        EMBEDDED_SFU: 'false',
        HOST: '127.0.0.1',
        PORT: String(port),
        ADMIN_PORT: String(adminPort),
        DATA_DIR: dataDir,
        SESSION_SECRETS: SECRET,
        LOG_LEVEL: 'silent',
        DRAIN_SECONDS: '0',
        ...PATIENT,
        ...environment,
      }),
      { store: new MemoryStore(), ...overrides },
    );
    await started.listen();
    return started;
  };
  let app = await start();
  const clients: TestClient[] = [];
  const complaints: string[] = [];
  onTestFinished(async () => {
    for (const client of clients) client.drop();
    await app.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  return {
    url: `http://127.0.0.1:${adminPort}`,
    complaints,
    visit: async (path, options = {}) => {
      const context = await browser.newContext({ baseURL: `http://127.0.0.1:${adminPort}`, ...options });
      onTestFinished(() => context.close());
      const tab = await context.newPage();
      tab.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text());
      });
      tab.on('pageerror', (error) => complaints.push(error.message));
      await tab.goto(path);
      return tab;
    },
    enter: async (id, name, room = 'daily') => {
      const path = `/parties/rooms/${encodeURIComponent(room)}?_pk=${id}`;
      const client = new TestClient(`ws://127.0.0.1:${port}${path}`, { cookie: loginCookie(name) });
      clients.push(client);
      await client.opened;
      await client.settle();
      return client;
    },
    stop: () => app.close(),
    start: async () => {
      app = await start();
    },
  };
}
