import type { Browser, Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { runIn } from './media-page.ts';
import { arriveAs } from './room-page.ts';
import { launchBrowser, openSite, type Site } from './site.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
  return () => browser.close();
});

/** A page of this origin, by somebody who has a name, with the library in it and nothing else. */
async function ownPage(site: Site, name: string): Promise<Page> {
  const tab = await site.visit();
  await arriveAs(tab, name, '/elsewhere');
  await tab.goto('/call-quality-feedback');
  await runIn(tab, 'library-page.client.ts');
  return tab;
}

const fact = (tab: Page, name: string) => tab.locator(`#${name}`).textContent();

test('the hooks are in the room while their component is there', async () => {
  const site = await openSite(browser);
  const [ada, ben] = [await ownPage(site, 'Ada'), await ownPage(site, 'Ben')];
  for (const tab of [ada, ben]) await tab.evaluate(() => window.libraryPage.react());
  await expect.poll(() => fact(ada, 'others')).toBe('Ben');
  await expect.poll(() => fact(ben, 'others')).toBe('Ada');
  expect([await fact(ada, 'self'), await fact(ada, 'connection')]).toEqual(['Ada', 'open']);
  await expect.poll(() => fact(ada, 'media')).toBe('false');

  await ben.evaluate(() => window.libraryPage.show(false));
  await expect.poll(() => fact(ada, 'others')).toBe('');
  await ben.evaluate(() => window.libraryPage.show(true));
  await expect.poll(() => fact(ada, 'others')).toBe('Ben');
  expect(site.complaints).toEqual([]);
});

const names = (tab: Page) =>
  tab
    .locator('satsuma-room')
    .getByRole('listitem')
    .allInnerTexts()
    .then((texts) => texts.toSorted());

test('the element is in the room while it is in the page', async () => {
  const site = await openSite(browser);
  const [ada, ben] = [await ownPage(site, 'Ada'), await ownPage(site, 'Ben')];
  for (const tab of [ada, ben]) await tab.evaluate(() => window.libraryPage.element({ room: 'daily' }));
  await expect.poll(() => names(ada)).toEqual(['Ada (you)', 'Ben']);
  await expect.poll(() => names(ben)).toEqual(['Ada', 'Ben (you)']);
  await ben.evaluate(() => document.querySelector('satsuma-room')?.setAttribute('room', 'other'));
  await expect.poll(() => names(ada)).toEqual(['Ada (you)']);
  await expect.poll(() => names(ben)).toEqual(['Ben (you)']);
  await ben.evaluate(() => document.querySelector('satsuma-room')?.remove());
  expect(site.complaints).toEqual([]);
});
