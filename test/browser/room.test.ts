import type { Browser, Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { enterAs, people } from './room-page.ts';
import { launchBrowser, openSite, type Site } from './site.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
  return () => browser.close();
});

/** So long that nobody leaves by it within a test: who is gone has said so. */
const NO_GRACE_IN_SIGHT = { RECONNECT_GRACE_MS: '600000' };

/** Two people who have found each other in a room. */
async function adaAndBen(environment = {}): Promise<{ site: Site; ada: Page; ben: Page }> {
  const site = await openSite(browser, environment);
  const [ada, ben] = [await site.visit(), await site.visit()];
  await enterAs(ada, 'Ada');
  await enterAs(ben, 'Ben');
  // A page that is left before its socket is open cannot say goodbye.
  for (const tab of [ada, ben]) await tab.getByText('2 people are here.').waitFor();
  return { site, ada, ben };
}

test('[H2] two people in a room see each other', async () => {
  const { site, ada, ben } = await adaAndBen();

  await expect
    .poll(() => people(ada))
    .toEqual([
      ['Ada', 'you'],
      ['Ben', ''],
    ]);
  await expect
    .poll(() => people(ben))
    .toEqual([
      ['Ada', ''],
      ['Ben', 'you'],
    ]);
  expect(site.complaints).toEqual([]);
});

test('a raised hand is seen by the other, and so is a lowered one', async () => {
  const { site, ada, ben } = await adaAndBen();

  await ada.getByRole('button', { name: 'Raise hand' }).click();
  await expect
    .poll(() => people(ben))
    .toEqual([
      ['Ada', 'hand raised'],
      ['Ben', 'you'],
    ]);
  await ada.getByRole('button', { name: 'Lower hand' }).click();
  await expect
    .poll(() => people(ben))
    .toEqual([
      ['Ada', ''],
      ['Ben', 'you'],
    ]);
  expect(site.complaints).toEqual([]);
});

test('after a reload everybody is listed once', async () => {
  const { site, ada, ben } = await adaAndBen(NO_GRACE_IN_SIGHT);

  await ada.reload();

  await expect
    .poll(() => people(ada))
    .toEqual([
      ['Ada', 'you'],
      ['Ben', ''],
    ]);
  await expect
    .poll(() => people(ben))
    .toEqual([
      ['Ada', ''],
      ['Ben', 'you'],
    ]);
  expect(site.complaints).toEqual([]);
});

test('[H9] who closes the page is gone for the other at once', async () => {
  const { site, ada, ben } = await adaAndBen(NO_GRACE_IN_SIGHT);

  await ben.close();

  await expect.poll(() => people(ada)).toEqual([['Ada', 'you']]);
  expect(await ada.getByRole('status').textContent()).toBe('You are alone here.');
  expect(site.complaints).toEqual([]);
});

test('who changes the name keeps the place in the room', async () => {
  const { site, ada, ben } = await adaAndBen(NO_GRACE_IN_SIGHT);

  await ada.getByRole('button', { name: 'Open people' }).click();
  await ada.getByRole('link', { name: 'Change name' }).click();
  await ada.getByLabel('Name').fill('Countess');
  await ada.getByRole('button', { name: 'Continue' }).click();

  await expect
    .poll(() => people(ben))
    .toEqual([
      ['Ben', 'you'],
      ['Countess', ''],
    ]);
  expect(site.complaints).toEqual([]);
});

test('[G13] a page tells that the server has stopped, and goes on by itself when it is back', async () => {
  const { site, ada, ben } = await adaAndBen();
  await ada.getByRole('button', { name: 'Raise hand' }).click();

  await site.stop();
  await ada.getByText('The connection is lost. Trying again…').waitFor();
  await ben.getByText('The connection is lost. Trying again…').waitFor();
  await site.start();

  await expect
    .poll(() => people(ada))
    .toEqual([
      ['Ada', 'you, hand raised'],
      ['Ben', ''],
    ]);
  await ada.getByText('2 people are here.').waitFor();
  await ben.getByText('2 people are here.').waitFor();
  expect(await people(ben)).toEqual([
    ['Ada', 'hand raised'],
    ['Ben', 'you'],
  ]);
  // The attempts in between cannot but fail, and Chromium notes each.
  const refusedAttempt = /^WebSocket connection to 'ws:\S+\/parties\/rooms\/daily\?\S+' failed: /;
  expect(site.complaints.filter((text) => !refusedAttempt.test(text))).toEqual([]);
});
