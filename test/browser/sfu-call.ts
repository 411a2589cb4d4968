import type { Worker } from 'node:worker_threads';
import type { Browser, Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { LossyRelay, type Impairment } from '../support/lossy-relay.ts';
import { SECRET } from '../support/server.ts';
import type { Caller } from './call-page.client.ts';
import { launchMediaBrowser, Person, runIn } from './media-page.ts';
import { sessionCookie } from './partytracks-meeting.ts';
import { openSite } from './site.ts';

export type CallPerson = Person<Caller>;

/** A server with an SFU of its own, for one test. */
export type SfuCall = {
  /** What was thrown in a page and caught by nobody. */
  readonly uncaught: readonly string[];
  /** Somebody in the room who neither sends nor receives yet. */
  readonly join: (name: string) => Promise<CallPerson>;
  /** Ends the SFU's thread, as its own fault would. */
  readonly killSfu: () => Promise<void>;
};

/** Chromium with a camera, a microphone and a screen of its own making, that plays what comes without being clicked. */
export const launchDeviceBrowser = (): Promise<Browser> =>
  launchMediaBrowser([
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
    '--autoplay-policy=no-user-gesture-required',
    // All pages but one are in the background.
    '--disable-renderer-backgrounding',
    '--disable-backgrounding-occluded-windows',
    '--disable-background-timer-throttling',
  ]);

export async function openCall(browser: Browser, network?: BadNetwork): Promise<SfuCall> {
  const sfuThread = watchWorkers();
  const site = await openSite(browser, { EMBEDDED_SFU: 'true', SFU_PORT: '0', SESSION_SECRETS: SECRET });
  const uncaught: string[] = [];
  return {
    uncaught,
    killSfu: async () => void (await sfuThread()?.terminate()),
    join: async (name) => {
      const page = await site.visit({ permissions: ['microphone', 'camera'] });
      page.on('pageerror', (error) => uncaught.push(error.message));
      await page.context().addCookies([sessionCookie(name, site.url)]);
      await network?.lead(page);
      // Any page of the server's; it is the same origin that counts.
      await page.goto('/set-username');
      await runIn(page, 'call-page.client.ts');
      const person = new Person<Caller>(page, 'caller');
      await person.do('enter', 'daily');
      return person;
    },
  };
}

/** Gives the newest thread that this process has started since. */
function watchWorkers(): () => Worker | undefined {
  let newest: Worker | undefined;
  const notice = (worker: Worker): void => {
    newest = worker;
  };
  process.on('worker', notice);
  onTestFinished(() => void process.off('worker', notice));
  return () => newest;
}

/** A network between the pages and the SFU on which media are lost or late; all else passes as it is. */
export class BadNetwork {
  readonly #impairment: Impairment;
  #relay: Promise<LossyRelay> | undefined;

  constructor(impairment: Omit<Impairment, 'affects'>) {
    this.#impairment = { ...impairment, affects: 'media' };
  }

  get counts(): Promise<LossyRelay['counts']> {
    return Promise.resolve(this.#relay?.then(({ counts }) => counts) ?? { passed: 0, lost: 0, delayed: 0 });
  }

  /** Has a page find the SFU there: in every description that it gets of it. */
  async lead(page: Page): Promise<void> {
    await page.route('**/tracks/*', async (route) => {
      const response = await route.fetch();
      const body = (await response.json()) as { sessionDescription?: { type: string; sdp: string } };
      const { sessionDescription } = body;
      if (sessionDescription !== undefined) {
        const relay = await this.#relayTo(sessionDescription.sdp);
        body.sessionDescription = { ...sessionDescription, sdp: relay.through(sessionDescription.sdp) };
      }
      await route.fulfill({ response, json: body });
    });
  }

  /** It has one port, which the first description says. */
  #relayTo(sdp: string): Promise<LossyRelay> {
    const [, port = ''] = /^a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1 (\d+) /im.exec(sdp) ?? [];
    return (this.#relay ??= LossyRelay.start(Number(port), this.#impairment));
  }
}
