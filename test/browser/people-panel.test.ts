import type { Browser, Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { FakeClock } from '../support/fake-clock.ts';
import { ScriptedWebhook } from '../support/scripted-webhook.ts';
import { FAKE_DEVICES, openCall, press } from './call-page.ts';
import { launchMediaBrowser } from './media-page.ts';
import { enterAs } from './room-page.ts';
import { ScriptedVoice } from './scripted-voice.ts';
import { openSite } from './site.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchMediaBrowser(FAKE_DEVICES);
  return () => browser.close();
});

const messagesOf = (tab: Page): Promise<string[]> =>
  tab.getByRole('region', { name: 'Messages' }).getByRole('listitem').allInnerTexts();

test('a message to one person is told to them alone, and kept for both', async () => {
  const site = await openSite(browser);
  const [ada, ben, cleo] = [await site.visit(), await site.visit(), await site.visit()];
  await enterAs(ada, 'Ada');
  await enterAs(ben, 'Ben');
  await enterAs(cleo, 'Cleo');
  await ada.getByText('3 people are here.').waitFor();
  await press(ada, 'Open people');
  await press(ada, 'Write to Ben');
  await ada.keyboard.type('Are you there?');
  await ada.keyboard.press('Enter');
  await ben.getByRole('log').getByText('Ada: Are you there?').waitFor();
  expect(await messagesOf(ada)).toEqual(['To Ben\nAre you there?']);

  await press(ben, 'Open people');
  expect(await messagesOf(ben)).toEqual(['Ada\nAre you there?']);
  await press(ben, 'Write to Ada');
  await ben.keyboard.type('<b>Yes</b>');
  await press(ben, 'Send');
  await expect.poll(() => messagesOf(ada)).toEqual(['To Ben\nAre you there?', 'Ben\n<b>Yes</b>']);
  await press(cleo, 'Open people');
  expect(await messagesOf(cleo)).toEqual([]);
  expect(site.complaints).toEqual([]);
});

test('the letter a is written in a message, and does not talk to the AI', async () => {
  const voice = new ScriptedVoice();
  const { ada, ben } = await openCall(browser, { voice });
  await press(ada, 'Open people');
  await press(ada, 'Invite');
  await ada.getByText('Hold to talk to the AI').waitFor();
  await press(ada, 'Write to Ben');
  await ada.keyboard.type('a banana');
  await ada.keyboard.press('Enter');
  await ben.getByRole('log').getByText('Ada: a banana').waitFor();
  expect(voice.heard).toEqual([]);
});

test('how good the connection for sound and picture is stands in words', async () => {
  const { ada } = await openCall(browser);
  await expect.poll(() => ada.locator('.quality').innerText()).toBe('Good connection');
});

test('the link to the room is copied', async () => {
  const site = await openSite(browser);
  const ada = await site.visit({ permissions: ['clipboard-read', 'clipboard-write'] });
  await enterAs(ada, 'Ada');
  await press(ada, 'Copy link');
  await ada.getByText('The link is copied.').waitFor();
  expect(await ada.evaluate(() => navigator.clipboard.readText())).toBe(`${site.url}/daily`);
});

test('a problem is reported with what the page knows, where reports go somewhere', async () => {
  const webhook = await ScriptedWebhook.start(new FakeClock());
  const site = await openSite(browser, { FEEDBACK_URL: webhook.url });
  const ada = await site.visit();
  await enterAs(ada, 'Ada');
  await press(ada, 'Open people');
  await ada.getByText('Report a problem').click();
  await ada.getByLabel('What went wrong?').fill('I hear nobody.');
  await press(ada, 'Send report');
  await ada.getByText('Thank you. It has been sent.').waitFor();
  await expect.poll(() => webhook.posts.length).toBe(1);
  const card = JSON.stringify(webhook.posts[0]?.body);
  expect(card).toContain('I hear nobody.');
  const [, link] = /(\/api\/debugInfo\?id=[\w-]+)/.exec(card) ?? [];
  const history: unknown = await (await ada.request.get(link ?? '')).json();
  expect(history).toContainEqual(
    expect.objectContaining({
      connection: { status: 'open' },
      room: expect.objectContaining({ users: [expect.objectContaining({ name: 'Ada' })] }),
    }),
  );
  expect(site.complaints).toEqual([]);
});

test('where reports go nowhere, none is asked for', async () => {
  const site = await openSite(browser);
  const ada = await site.visit();
  await enterAs(ada, 'Ada');
  await press(ada, 'Open people');
  await ada.getByText('There is nobody to write to yet.').waitFor();
  expect(await ada.getByText('Report a problem').count()).toBe(0);
});
