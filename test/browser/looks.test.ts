import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { arriveAs, enterAs, join, people } from './room-page.ts';
import { launchBrowser, openSite } from './site.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
  return () => browser.close();
});

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 640 };
/** As long as a name may be, and without a place to break it. */
const LONG_NAME = 'Wolfeschlegelsteinhausenbergerdorff'.repeat(3).slice(0, 100);

/** Takes a picture for people to look at; gives by how much the page is wider than its window. */
async function look(tab: Page, name: string): Promise<number> {
  const path = fileURLToPath(new URL(`screenshots/${name}.png`, import.meta.url));
  await tab.screenshot({ path });
  return tab.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}

test.each([
  { title: 'light-desktop', colorScheme: 'light', viewport: DESKTOP },
  { title: 'dark-desktop', colorScheme: 'dark', viewport: DESKTOP },
  { title: 'light-phone', colorScheme: 'light', viewport: PHONE },
  { title: 'dark-phone', colorScheme: 'dark', viewport: PHONE },
] as const)('no page needs scrolling sideways: $title', async ({ title, colorScheme, viewport }) => {
  const site = await openSite(browser);
  const [ada, ben] = [await site.visit({ colorScheme, viewport }), await site.visit()];

  await ada.goto('/');
  expect(await look(ada, `set-username-${title}`)).toBeLessThanOrEqual(0);
  await arriveAs(ada, 'Ada Lovelace', '/');
  expect(await look(ada, `home-${title}`)).toBeLessThanOrEqual(0);

  await enterAs(ben, 'Ben');
  await ada.goto('/daily');
  await ada.getByText('Ben is here.').waitFor();
  expect(await look(ada, `lobby-${title}`)).toBeLessThanOrEqual(0);
  await join(ada);
  await ben.getByRole('button', { name: 'Raise hand' }).click();
  await expect
    .poll(() => people(ada))
    .toEqual([
      ['Ada Lovelace', 'you'],
      ['Ben', 'hand raised'],
    ]);
  expect(await look(ada, `room-${title}`)).toBeLessThanOrEqual(0);

  const guest = await site.visit();
  await enterAs(guest, LONG_NAME);
  await guest.getByRole('button', { name: 'Raise hand' }).click();
  await expect.poll(() => people(ada)).toContainEqual([LONG_NAME, 'hand raised']);
  expect(await look(ada, `room-long-name-${title}`)).toBeLessThanOrEqual(0);
  await ada.getByRole('button', { name: 'Open people' }).click();
  expect(await look(ada, `room-people-${title}`)).toBeLessThanOrEqual(0);

  await site.stop();
  await ada.getByText('The connection is lost. Trying again…').waitFor();
  expect(await look(ada, `room-lost-${title}`)).toBeLessThanOrEqual(0);
});
