import type { Browser } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { arriveAs, enterAs, join, people } from './room-page.ts';
import { launchBrowser, openSite } from './site.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
  return () => browser.close();
});

test('[G11] who has no name is asked for one and then comes back to the room', async () => {
  const site = await openSite(browser);
  const ada = await site.visit();

  await ada.goto('/daily');
  expect(ada.url()).toBe(`${site.url}/set-username?return-url=%2Fdaily`);
  await ada.getByLabel('Name').fill('Ada');
  await ada.getByRole('button', { name: 'Continue' }).click();
  await ada.waitForURL(`${site.url}/daily`);
  await join(ada);

  await expect.poll(() => people(ada)).toEqual([['Ada', 'you']]);
  expect(site.complaints).toEqual([]);
});

test('a name can be given with the keyboard alone', async () => {
  const site = await openSite(browser);
  const ada = await site.visit();

  await ada.goto('/daily');
  await ada.locator('input:focus').waitFor();
  await ada.keyboard.type('Ada');
  await ada.keyboard.press('Tab');
  await ada.keyboard.press('Space');
  await ada.waitForURL(`${site.url}/daily`);
  await join(ada);

  await expect.poll(() => people(ada)).toEqual([['Ada', 'you']]);
  expect(site.complaints).toEqual([]);
});

test('a name of nothing but spaces is not sent', async () => {
  const site = await openSite(browser);
  const ada = await site.visit();

  await ada.goto('/daily');
  await ada.getByLabel('Name').fill('   ');
  await ada.getByRole('button', { name: 'Continue' }).click();

  const refused = await ada.getByLabel('Name').evaluate((input) => input.matches(':invalid'));
  expect(refused).toBe(true);
  expect(ada.url()).toBe(`${site.url}/set-username?return-url=%2Fdaily`);
  expect(site.complaints).toEqual([]);
});

test('[G1] the home page leads to a room whose name has spaces and umlauts', async () => {
  const site = await openSite(browser);
  const ada = await site.visit();

  await arriveAs(ada, 'Ada', '/');
  await ada.getByLabel('Room').fill('Grüße aus Köln');
  await ada.getByRole('button', { name: 'Enter' }).click();
  await ada.waitForURL(`${site.url}/Gr%C3%BC%C3%9Fe%20aus%20K%C3%B6ln`);
  await join(ada);

  await expect.poll(() => people(ada)).toEqual([['Ada', 'you']]);
  expect(await ada.getByRole('heading', { level: 1 }).textContent()).toBe('Grüße aus Köln');
  expect(site.complaints).toEqual([]);
});

test('[G1] a room whose name was typed differently encoded is the same room', async () => {
  const site = await openSite(browser);
  const [ada, ben] = [await site.visit(), await site.visit()];

  await enterAs(ada, 'Ada', '/caf%C3%A9');
  await ben.goto('/set-username?return-url=/c%61fé');
  await ben.getByLabel('Name').fill('Ben');
  await ben.getByRole('button', { name: 'Continue' }).click();
  await join(ben);

  await expect
    .poll(() => people(ben))
    .toEqual([
      ['Ada', ''],
      ['Ben', 'you'],
    ]);
  expect(site.complaints).toEqual([]);
});

test('markup in a name is shown as text', async () => {
  const site = await openSite(browser);
  const [ada, eve] = [await site.visit(), await site.visit()];
  const name = '<img src=x onerror="alert(1)"><b>Eve</b>';

  await enterAs(ada, 'Ada');
  await enterAs(eve, name);

  await expect
    .poll(() => people(ada))
    .toEqual([
      [name, ''],
      ['Ada', 'you'],
    ]);
  expect(await ada.locator('#users').locator('img, b').count()).toBe(0);
  expect(site.complaints).toEqual([]);
});

test('a name that was given once is there when it is asked for again', async () => {
  const site = await openSite(browser);
  const ada = await site.visit();
  await arriveAs(ada, 'Ada', '/');
  await ada.context().clearCookies();
  await ada.goto('/');
  await expect.poll(() => ada.getByLabel('Name').inputValue()).toBe('Ada');
  await ada.getByRole('button', { name: 'Continue' }).click();
  await ada.waitForURL(`${site.url}/`);
  expect(site.complaints).toEqual([]);
});

test('a room is made with a name of its own', async () => {
  const site = await openSite(browser);
  const ada = await site.visit();
  await arriveAs(ada, 'Ada', '/');
  await ada.getByRole('button', { name: 'Make a room' }).click();
  await ada.waitForURL(/\/(?:[a-z]{4}-){2}[a-z]{4}$/);
  await join(ada);
  await expect.poll(() => people(ada)).toEqual([['Ada', 'you']]);
  expect(site.complaints).toEqual([]);
});
