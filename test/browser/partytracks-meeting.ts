import type { Browser } from 'playwright-core';
import { loginCookie, SECRET } from '../support/server.ts';
import { KNOWS_ADDRESSES, Person, runIn } from './media-page.ts';
import { startPageSfu, type PageSfu } from './page-sfu.ts';
import { openSite, type Site } from './site.ts';

/** What the client throws when a close is not answered: it does away with the traces of that at its next offer. */
export const CLOSE_UNANSWERED = /Failed to read the 'type' property from 'RTCSessionDescriptionInit'/;

/** A server with an SFU behind it, for one test. */
export type Meeting = {
  readonly site: Site;
  readonly sfu: PageSfu;
  /** What was thrown in a page and caught by nobody: it is how the client gives something up for ever. */
  readonly uncaught: readonly string[];
  /** Somebody in the room who neither sends nor receives yet. */
  readonly join: (name: string) => Promise<Person>;
};

export async function openMeeting(browser: Browser): Promise<Meeting> {
  const sfu = await startPageSfu(browser);
  const site = await openSite(browser, { ...sfu.api.environment, SESSION_SECRETS: SECRET });
  const uncaught: string[] = [];
  return {
    site,
    sfu,
    uncaught,
    join: async (name) => {
      const page = await site.visit(KNOWS_ADDRESSES);
      page.on('pageerror', (error) => uncaught.push(error.message));
      await page.context().addCookies([sessionCookie(name, site.url)]);
      // Any page of the server's; it is the same origin that counts.
      await page.goto('/set-username');
      await runIn(page, 'media-page.client.ts');
      const person = new Person(page);
      await person.do('enter', 'daily');
      return person;
    },
  };
}

/** Two who send sound, as everybody in a meeting does; the SFU has it. */
export async function openTalk(
  browser: Browser,
): Promise<Meeting & { readonly ada: Person; readonly ben: Person }> {
  const meeting = await openMeeting(browser);
  const [ada, ben] = await Promise.all([meeting.join('Ada'), meeting.join('Ben')]);
  await Promise.all(
    [ada, ben].map(async ({ page }) => {
      await page.evaluate(() => window.participant.push('audio'));
      await page.waitForFunction(() => window.participant.announced() === 1);
    }),
  );
  return { ...meeting, ada, ben };
}

/** A login as a cookie of the browser's. */
export function sessionCookie(name: string, url: string): { name: string; value: string; url: string } {
  const [cookie = '', value = ''] = loginCookie(name).split('=');
  return { name: cookie, value, url };
}
