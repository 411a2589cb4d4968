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

type Method<P> = { [M in keyof P]: P[M] extends (...args: never[]) => unknown ? M : never }[keyof P];
type Arguments<F> = F extends (...args: infer A) => unknown ? A : never;
type Result<F> = F extends (...args: never[]) => infer R ? Awaited<R> : never;

/** Somebody whose page is a tab of a browser: `P` is what the page's script has put there, under that name. */
export class Person<P = Participant> {
  readonly page: Page;
  readonly #name: string;

  constructor(page: Page, name = 'participant') {
    this.page = page;
    this.#name = name;
  }

  /** Does something in the page. */
  do<M extends Method<P>>(method: M, ...args: Arguments<P[M]>): Promise<Result<P[M]>> {
    return this.page.evaluate(
      ([name, method, args]) => {
        const actor = (window as unknown as Record<string, Record<PropertyKey, unknown>>)[name] ?? {};
        return (actor[method] as (...args: unknown[]) => Result<P[M]>).apply(actor, args);
      },
      [this.#name, method, args] as [string, M, unknown[]],
    );
  }
}
