import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { createApp, loadConfig, type App, type Overrides } from '../../src/app.ts';

/** Keeps Chromium from looking for its maker's servers, which a machine without a network refuses, one by one. */
const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the machine's own Chromium: `CHROMIUM`, or where Debian has it. */
export function launchBrowser(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    throw new Error(
      `There is no Chromium at ${executablePath}. Install one (Debian: apt-get install -y chromium), ` +
        'or say where it is in the environment variable CHROMIUM.',
    );
  }
  return chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
}

/** A whole server on loopback, with the real clock, and the people who visit it. It ends with the test. */
export type Site = {
  readonly url: string;
  /** Errors in any page's console, violations of the content security policy included, and uncaught exceptions. */
  readonly complaints: readonly string[];
  /** An empty tab of somebody who has not been here: with its own cookies. */
  visit(options?: BrowserContextOptions): Promise<Page>;
  /** Stops the server; whoever is connected loses the connection. */
  stop(): Promise<void>;
  /** Starts it again, on the same port. */
  start(): Promise<void>;
};

/**
 * A port that is free. The server itself could find one (`PORT=0`), but then uSockets leaves out `SO_REUSEADDR`, and
 * the port could not be listened on again while the kernel remembers connections to it.
 */
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

/** Starts a server for one test, which it ends with. */
export async function openSite(
  browser: Browser,
  environment: Readonly<Record<string, string>> = {},
  overrides: Overrides = {},
): Promise<Site> {
  const dataDir = mkdtempSync(join(tmpdir(), 'satsuma-browser-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const start = async (): Promise<App> => {
    const app = createApp(
      loadConfig({
        EMBEDDED_SFU: 'false',
        HOST: '127.0.0.1',
        PORT: String(port),
        ADMIN_PORT: '0',
        DATA_DIR: dataDir,
        LOG_LEVEL: 'silent',
        ...environment,
      }),
      overrides,
    );
    await app.listen();
    return app;
  };
  let app = await start();
  onTestFinished(async () => {
    await app.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const complaints: string[] = [];
  return {
    url,
    complaints,
    visit: (options = {}) => openTab(browser, { baseURL: url, ...options }, complaints),
    stop: () => app.close(),
    start: async () => {
      app = await start();
    },
  };
}

/** A tab of its own context; what its page complains about is added to `complaints`. */
async function openTab(
  browser: Browser,
  options: BrowserContextOptions,
  complaints: string[],
): Promise<Page> {
  const context = await browser.newContext(options);
  onTestFinished(() => context.close());
  const tab = await context.newPage();
  tab.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  tab.on('pageerror', (error) => complaints.push(error.message));
  return tab;
}
