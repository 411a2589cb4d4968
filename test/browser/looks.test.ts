import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { SECRET } from '../support/server.ts';
import { violations } from './axe.ts';
import { press } from './call-page.ts';
import { crowd } from './crowd.ts';
import { arriveAs, enterAs, join, people } from './room-page.ts';
import { ScriptedVoice } from './scripted-voice.ts';
import { launchBrowser, openSite } from './site.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
  return () => browser.close();
});

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const SCREENS = [
  { title: 'light-desktop', colorScheme: 'light', viewport: DESKTOP },
  { title: 'dark-desktop', colorScheme: 'dark', viewport: DESKTOP },
  { title: 'light-phone', colorScheme: 'light', viewport: PHONE },
  { title: 'dark-phone', colorScheme: 'dark', viewport: PHONE },
] as const satisfies readonly (BrowserContextOptions & { title: string })[];

/** As long as a name may be, and without a place to break it. */
const LONG_NAME = 'Wolfeschlegelsteinhausenbergerdorff'.repeat(3).slice(0, 100);
/** Reports go to nobody: their form is only looked at. */
const FEEDBACK = { FEEDBACK_URL: 'http://127.0.0.1:9/' };

/** Takes a picture for people to look at; gives what axe finds, and by how much the page is wider than its window. */
async function look(tab: Page, name: string): Promise<{ found: string[]; isTooWide: boolean }> {
  const path = fileURLToPath(new URL(`screenshots/${name}.png`, import.meta.url));
  await tab.screenshot({ path });
  const tooWide = await tab.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  return { found: await violations(tab), isTooWide: tooWide > 0 };
}
/** A crowd says hello and nothing after it. */
const UNWATCHED = { SESSION_SECRETS: SECRET, HEARTBEAT_TIMEOUT_MS: '600000' };
const FINE = { found: [], isTooWide: false };

test.each(SCREENS)('no screen needs scrolling sideways, and axe finds nothing: $title', async (screen) => {
  const { title } = screen;
  const site = await openSite(browser, FEEDBACK, { voice: new ScriptedVoice() });
  const [ada, ben] = [await site.visit(screen), await site.visit()];

  await ada.goto('/');
  expect(await look(ada, `set-username-${title}`)).toEqual(FINE);
  await arriveAs(ada, 'Ada Lovelace', '/');
  expect(await look(ada, `home-${title}`)).toEqual(FINE);

  await enterAs(ben, 'Ben');
  await ada.goto('/daily');
  await ada.getByText('Ben is here.').waitFor();
  expect(await look(ada, `lobby-${title}`)).toEqual(FINE);
  await join(ada);
  await press(ben, 'Raise hand');
  await expect
    .poll(() => people(ada))
    .toEqual([
      ['Ada Lovelace', 'you'],
      ['Ben', 'hand raised'],
    ]);
  expect(await look(ada, `room-${title}`)).toEqual(FINE);

  const guest = await site.visit();
  await enterAs(guest, LONG_NAME);
  await press(guest, 'Raise hand');
  await expect.poll(() => people(ada)).toContainEqual([LONG_NAME, 'hand raised']);
  expect(await look(ada, `room-long-name-${title}`)).toEqual(FINE);
  await press(ben, 'Open people');
  await press(ben, 'Write to Ada Lovelace');
  await ben.keyboard.type('Shall we begin?');
  await press(ben, 'Send');
  await ada.getByText('Ben: Shall we begin?').waitFor();
  expect(await look(ada, `room-message-${title}`)).toEqual(FINE);
  await press(ada, 'Dismiss');
  await press(ada, 'Open people');
  await ada.getByText('Report a problem').click();
  expect(await look(ada, `room-people-${title}`)).toEqual(FINE);
  await press(ada, 'Invite');
  await ada.getByText('It listens to nobody.').waitFor();
  await ada.getByLabel('Talk to it while I hold the key A').scrollIntoViewIfNeeded();
  expect(await look(ada, `room-ai-${title}`)).toEqual(FINE);
  await press(ada, 'Close');
  expect(await look(ada, `room-talk-${title}`)).toEqual(FINE);

  await press(ada, 'Leave');
  expect(await look(ada, `after-call-${title}`)).toEqual(FINE);
  await press(ada, 'Come back');
  await join(ada);
  await ada.getByText('3 people are here.').waitFor();
  await site.stop();
  await ada.getByText('The connection is lost. Trying again…').waitFor();
  expect(await look(ada, `room-lost-${title}`)).toEqual(FINE);
});

test.each(SCREENS)('one to 25 people have a tile each, and more a number: $title', async (screen) => {
  const site = await openSite(browser, UNWATCHED);
  const ada = await site.visit(screen);
  await enterAs(ada, 'Ada');
  let others = 0;
  for (const count of [1, 2, 3, 5, 9, 16, 25, 30]) {
    await crowd(site, others, count - 1);
    others = count - 1;
    await ada.getByText(count === 1 ? 'You are alone here.' : `${count} people are here.`).waitFor();
    expect(await ada.getByRole('list', { name: 'People in this room' }).getByRole('listitem').count()).toBe(
      Math.min(count, 25),
    );
    expect(await look(ada, `call-${count}-${screen.title}`)).toEqual(FINE);
  }
  expect(await ada.getByText('5 more').count()).toBe(1);
});
