import type { Browser, Locator, Page } from 'playwright-core';
import type { Overrides } from '../../src/app.ts';
import { startPageSfu, type PageSfu } from './page-sfu.ts';
import { arriveAs, join } from './room-page.ts';
import { openSite, type Site } from './site.ts';

/** A moving picture and a beep in place of devices, granted without asking; a screen in place of a choice. */
export const FAKE_DEVICES = [
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--auto-select-desktop-capture-source=Entire screen',
];

export const PERMISSIONS = { permissions: ['microphone', 'camera'] };

export type Call = { readonly site: Site; readonly sfu: PageSfu; readonly ada: Page; readonly ben: Page };

/** Ada and Ben in a call, with an SFU between them that forwards media. */
export async function openCall(browser: Browser, overrides: Overrides = {}): Promise<Call> {
  const sfu = await startPageSfu(browser);
  const site = await openSite(browser, sfu.api.environment, overrides);
  const [ada, ben] = [await site.visit(PERMISSIONS), await site.visit(PERMISSIONS)];
  await arriveAs(ada, 'Ada');
  await arriveAs(ben, 'Ben');
  for (const tab of [ada, ben]) await join(tab);
  for (const tab of [ada, ben]) await tab.getByText('2 people are here.').waitFor();
  return { site, sfu, ada, ben };
}

export const tileOf = (tab: Page, name: string): Locator =>
  tab.getByRole('list', { name: 'People in this room' }).getByRole('listitem').filter({ hasText: name });

/** Nobody's sound comes from a tile. */
export const soundOf = (tab: Page, name: string): Locator => tab.locator(`audio[data-of="${name}"]`);

export const press = (tab: Page, name: string): Promise<void> =>
  tab.getByRole('button', { name, exact: true }).click();
