import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { replay } from '../../src/visualiser/replay.ts';
import type { Trace } from '../../src/visualiser/trace.ts';
import { CountingVoice } from '../support/counting-voice.ts';
import { openAdminSite } from './admin-site.ts';
import { highlights, logLines, openLive, presence, textOf } from './live-page.ts';
import { launchBrowser } from './site.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
  return () => browser.close();
});

const LIVE = '/rooms/daily/statechart';
test('[L1] a room that begins later is shown as soon as it does, and its end stays until another begins', async () => {
  const site = await openAdminSite(browser, {}, { RECONNECT_GRACE_MS: '0', EMPTY_ROOM_GRACE_MS: '0' });
  const tab = await site.visit(LIVE);
  await tab.locator('#status', { hasText: 'There is no such room now.' }).waitFor();
  expect(await highlights(tab)).toEqual({ active: [], taken: [] });

  const ada = await site.enter('a', 'Ada');
  await openLive(tab);
  await expect
    .poll(() => highlights(tab))
    .toEqual({ active: ['room.active'], taken: ['room.idle:user.joined:1'] });

  ada.send({ type: 'userLeft' });
  await tab.locator('#status', { hasText: 'The room is over.' }).waitFor();
  expect((await logLines(tab)).map(([event]) => event)).toContain('user.left');
  expect(await textOf(tab, 'state')).toBe('idle, at the end');
  const [download] = await Promise.all([
    tab.waitForEvent('download'),
    tab.getByRole('link', { name: 'Download trace' }).click(),
  ]);
  const trace = JSON.parse(readFileSync(await download.path(), 'utf8')) as Trace;
  expect(replay(trace)).toMatchObject({ ok: true });

  await site.enter('b', 'Ben');
  await openLive(tab);
  await expect.poll(async () => (await highlights(tab)).active).toEqual(['room.active']);
  expect((await logLines(tab)).flat()).not.toContain('user.left');
  expect(site.complaints).toEqual([]);
});

test('[L2] the highlight moves as people come and as the AI is invited', async () => {
  const voice = new CountingVoice();
  const site = await openAdminSite(browser, { voice });
  const ada = await site.enter('a', 'Ada');
  const tab = await site.visit(LIVE);
  await openLive(tab);
  expect(await highlights(tab)).toEqual({ active: ['room.active'], taken: [] });

  await site.enter('b', 'Ben');
  await expect
    .poll(() => highlights(tab))
    .toEqual({ active: ['room.active'], taken: ['room:user.joined:0'] });

  ada.send({ type: 'enableAi' });
  await expect
    .poll(() => highlights(tab))
    .toEqual({ active: ['room.aiConnecting'], taken: ['room.active:ai.enable:0'] });
  expect(await textOf(tab, 'state')).toBe('aiConnecting');
  await expect.poll(() => textOf(tab, 'announcer')).toBe('The room is aiConnecting, after ai.enable.');

  voice.answer();
  await expect
    .poll(() => highlights(tab))
    .toEqual({
      active: ['room.aiActive', 'room.aiActive.free'],
      taken: ['room.aiConnecting:xstate.done.actor.openVoice:0'],
    });
  expect(await textOf(tab, 'state')).toBe('aiActive.free');
  expect(site.complaints).toEqual([]);
});

test('an AI that is not configured is seen to fail', async () => {
  const site = await openAdminSite(browser);
  const ada = await site.enter('a', 'Ada');
  const tab = await site.visit(LIVE);
  await openLive(tab);

  ada.send({ type: 'enableAi' });

  await expect
    .poll(() => highlights(tab))
    .toEqual({ active: ['room.active'], taken: ['room.aiConnecting:xstate.error.actor.openVoice:0'] });
  expect(await logLines(tab)).toEqual([
    ['ai.enable', 'a', 'taken'],
    ['xstate.error.actor.openVoice', '', 'taken'],
  ]);
  await tab.locator('#context').getByText('not_configured').waitFor();
  expect(site.complaints).toEqual([]);
});

test('[L3] what is refused, forged or ignored is named', async () => {
  const site = await openAdminSite(browser, { voice: new CountingVoice() });
  const ada = await site.enter('a', 'Ada');
  const tab = await site.visit(LIVE);
  await openLive(tab);

  ada.send({ type: 'relenquishAiControl' });
  ada.sendRaw('{"type":"xstate.stop"}');
  ada.sendRaw('no JSON');
  ada.send({ type: 'enableAi' });
  ada.send({ type: 'enableAi' });

  await expect
    .poll(() => logLines(tab))
    .toEqual([
      ['ai.control.release', 'a', 'refused: ai_not_active'],
      ['unreadable or forged frame', 'a', 'refused: unknown_message_type'],
      ['unreadable or forged frame', 'a', 'refused: invalid_json'],
      ['ai.enable', 'a', 'taken'],
      ['ai.enable', 'a', 'ignored'],
    ]);
  const colours = await tab
    .locator('.row .event')
    .evaluateAll((events) => events.map((event) => getComputedStyle(event).color));
  const grey = await tab.locator('#status').evaluate((status) => getComputedStyle(status).color);
  expect(colours.map((colour) => colour === grey)).toEqual([false, false, false, false, true]);
  expect(await highlights(tab)).toEqual({ active: ['room.aiConnecting'], taken: [] });
  expect(site.complaints).toEqual([]);
});

test('[L4] names are hidden until they are asked for, and then shown as text, whatever is in them', async () => {
  const name = '<img src=x onerror="alert(1)"><b>Eve</b>';
  const room = '<i>daily & "co" %41';
  const site = await openAdminSite(browser);
  const eve = await site.enter('e', name, room);
  const tab = await site.visit('/');
  await tab.getByRole('link', { name: room }).click();
  await openLive(tab);
  eve.send(presence(true));
  await expect.poll(() => logLines(tab)).toEqual([['user.updated', 'e', 'taken']]);
  expect(await tab.locator('.users .name').allTextContents()).toEqual(['•••']);
  expect(await tab.content()).not.toContain('onerror');

  await tab.getByLabel('Show names').check();

  await expect.poll(() => tab.locator('.users .name').allTextContents()).toEqual([name]);
  // What was seen before is still there: the server has been watched without a break.
  expect(await logLines(tab)).toEqual([['user.updated', `${name} (e)`, 'taken']]);
  expect(await tab.getByRole('heading', { level: 1 }).textContent()).toBe(room);
  expect(await tab.locator('main img, main b, h1 i').count()).toBe(0);

  await tab.getByLabel('Show names').uncheck();
  await expect.poll(() => tab.locator('.users .name').allTextContents()).toEqual(['•••']);
  expect(site.complaints).toEqual([]);
});

test('a reader pauses, steps back and forth and goes live again with the keyboard alone', async () => {
  const site = await openAdminSite(browser, { voice: new CountingVoice() });
  const ada = await site.enter('a', 'Ada');
  const tab = await site.visit(LIVE);
  await openLive(tab);
  await site.enter('b', 'Ben');
  ada.send(presence(true));
  ada.send({ type: 'enableAi' });
  await expect.poll(() => textOf(tab, 'place')).toBe('Step 3 of 3');
  const { keyboard } = tab;

  await keyboard.press('p');
  await tab.locator('#status', { hasText: 'Paused: the room goes on.' }).waitFor();
  ada.send(presence(false));
  await expect.poll(() => textOf(tab, 'ahead')).toBe('1 step ahead');
  expect(await textOf(tab, 'place')).toBe('Step 3 of 4');

  await keyboard.press('ArrowLeft');
  await keyboard.press('ArrowLeft');
  await expect
    .poll(() => highlights(tab))
    .toEqual({ active: ['room.active'], taken: ['room:user.joined:0'] });
  expect(await textOf(tab, 'step-title')).toBe('Step 1: user.joined');
  expect(await tab.locator('.users > li > .id').allTextContents()).toEqual(['b', 'a']);
  await expect
    .poll(() => textOf(tab, 'announcer'))
    .toBe('Step 1 of 4: user.joined, taken. The room is active.');

  await keyboard.press('Home');
  await expect.poll(() => textOf(tab, 'place')).toBe('Before the first of 4');
  expect(await tab.locator('.users > li > .id').allTextContents()).toEqual(['a']);
  await keyboard.press('ArrowRight');
  await expect.poll(() => textOf(tab, 'place')).toBe('Step 1 of 4');

  // In the log, too, which is one stop on the way through the page.
  for (let stop = 0; stop < 20; stop += 1) {
    await keyboard.press('Tab');
    if (await tab.locator('#log:focus').count()) break;
  }
  await keyboard.press('ArrowDown');
  await expect.poll(() => textOf(tab, 'place')).toBe('Step 2 of 4');
  const selected = tab.getByRole('option', { selected: true });
  expect(await selected.locator('.event').textContent()).toBe('user.updated');
  expect(await tab.locator('#log').getAttribute('aria-activedescendant')).toBe(
    await selected.getAttribute('id'),
  );

  await keyboard.press('End');
  await tab.locator('#status', { hasText: /^Live$/ }).waitFor();
  await expect.poll(() => textOf(tab, 'place')).toBe('Step 4 of 4');
  await keyboard.press('Space');
  await tab.locator('#status', { hasText: 'Paused: the room goes on.' }).waitFor();
  expect(site.complaints).toEqual([]);
});

test('keys that mean something where they are pressed are left alone', async () => {
  const site = await openAdminSite(browser);
  await site.enter('a', 'Ada');
  const tab = await site.visit(LIVE);
  await openLive(tab);
  const status = () => textOf(tab, 'status');

  await tab.getByLabel('Show names').focus();
  await tab.keyboard.press('Space');
  await expect.poll(() => tab.locator('.users .name').allTextContents()).toEqual(['Ada']);
  expect(await status()).toBe('Live');

  await tab.getByText('Keys', { exact: true }).click();
  await tab.getByLabel('P is a key, too').uncheck();
  await tab.keyboard.press('p');
  await tab.locator('#drawing').focus();
  await tab.keyboard.press('ArrowLeft');
  // Two frames: what a key does is drawn in the next one.
  await tab.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  expect(await status()).toBe('Live');
  expect(site.complaints).toEqual([]);
});

test('a line of the log goes to its step', async () => {
  const site = await openAdminSite(browser);
  const ada = await site.enter('a', 'Ada');
  const tab = await site.visit(LIVE);
  await openLive(tab);
  ada.send(presence(true));
  ada.send(presence(false));
  await expect.poll(() => textOf(tab, 'place')).toBe('Step 2 of 2');

  await tab.getByRole('option').nth(1).click();

  await expect.poll(() => textOf(tab, 'place')).toBe('Step 1 of 2');
  expect(await tab.locator('.users .presence').textContent()).toContain('raisedHand');
  expect(site.complaints).toEqual([]);
});

test('the download is what the server remembers, and leads to the same end when it is done again', async () => {
  const site = await openAdminSite(browser, { voice: new CountingVoice() });
  const ada = await site.enter('a', 'Ada');
  const tab = await site.visit(LIVE);
  await openLive(tab);
  await site.enter('b', 'Ben');
  ada.send({ type: 'enableAi' });
  await expect.poll(() => textOf(tab, 'place')).toBe('Step 2 of 2');

  const [download] = await Promise.all([
    tab.waitForEvent('download'),
    tab.getByRole('link', { name: 'Download trace' }).click(),
  ]);

  const text = readFileSync(await download.path(), 'utf8');
  expect(text).toBe(await (await fetch(`${site.url}${LIVE}/trace`)).text());
  expect(text).not.toContain('Ada');
  expect(replay(JSON.parse(text) as Trace)).toMatchObject({ ok: true, events: 2 });
  expect(site.complaints).toEqual([]);
});
