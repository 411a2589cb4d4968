import type { Browser } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { openAdminSite } from './admin-site.ts';
import { launchBrowser } from './site.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
  return () => browser.close();
});

test('the drawing that is opened by itself has its colours', async () => {
  const site = await openAdminSite(browser);
  const tab = await site.visit('/machines/room.svg');
  const fill = await tab.evaluate(() => getComputedStyle(document.querySelector('.ground')!).fill);
  expect([fill, site.complaints]).toEqual(['rgb(255, 255, 255)', []]);
});
