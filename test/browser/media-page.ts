import { join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { build } from 'rolldown';
import type { Participant } from './media-page.client.ts';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Media goes from page to page of one machine, which may have no other address than its own.
  '--allow-loopback-in-peer-connection',
];

/** Starts the machine's own Chromium, as `site.ts` does, for pages with WebRTC. */
export function launchMediaBrowser(flags: readonly string[] = []): Promise<Browser> {
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
  return chromium.launch({ executablePath, args: [...FLAGS, ...flags] });
}

/** A page that may use the microphone is also told the machine's addresses, by which pages find each other. */
export const KNOWS_ADDRESSES: BrowserContextOptions = { permissions: ['microphone'] };

const scripts = new Map<string, Promise<string>>();

/** A module of this folder as one classic script, with the packages that it imports as they are published. */
function scriptOf(file: string): Promise<string> {
  let script = scripts.get(file);
  if (script === undefined) {
    script = bundle(file);
    scripts.set(file, script);
  }
  return script;
}

async function bundle(file: string): Promise<string> {
  const { output } = await build({
    input: join(import.meta.dirname, file),
    platform: 'browser',
    write: false,
    output: { format: 'iife' },
  });
  return output[0].code;
}

/** Runs a module of this folder in a page, whatever the page's own policy says of scripts. */
export async function runIn(page: Page, file: string): Promise<void> {
  await page.evaluate(await scriptOf(file));
}

type Method = keyof Participant;

/** A participant whose page is a tab of a browser. */
export class Person {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Does something in the page. */
  do<M extends Method>(
    method: M,
    ...args: Parameters<Participant[M]>
  ): Promise<Awaited<ReturnType<Participant[M]>>> {
    return this.page.evaluate(
      ([method, args]) => {
        const { participant } = window;
        type Act = (...args: unknown[]) => Awaited<ReturnType<Participant[M]>>;
        return (participant[method] as Act).apply(participant, args);
      },
      [method, args] as [M, unknown[]],
    );
  }
}
