import type { Browser, Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { FAKE_DEVICES, openCall, press, tileOf, type Call } from './call-page.ts';
import { launchMediaBrowser } from './media-page.ts';
import { ScriptedVoice } from './scripted-voice.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchMediaBrowser(FAKE_DEVICES);
  return () => browser.close();
});

type AiCall = Call & { readonly voice: ScriptedVoice };

/** Ada and Ben, and the AI that Ada has invited. */
async function callWithAi(): Promise<AiCall> {
  const voice = new ScriptedVoice();
  const call = await openCall(browser, { voice });
  await press(call.ada, 'Open people');
  await press(call.ada, 'Invite');
  for (const tab of [call.ada, call.ben]) await tab.getByText('Hold to talk to the AI').waitFor();
  return { ...call, voice };
}

const microphone = (tab: Page, does: 'on' | 'off') =>
  tab.getByRole('button', { name: `Turn ${does} microphone` });

test('the AI is invited with a voice and instructions, is there for everybody, and can be sent away', async () => {
  const voice = new ScriptedVoice();
  const { ada, ben } = await openCall(browser, { voice });
  await press(ada, 'Open people');
  await ada.getByLabel('Voice').selectOption('cedar');
  await ada.getByLabel('Instructions').fill('Answer briefly.');
  await press(ada, 'Invite');
  await tileOf(ben, 'AI').waitFor();
  expect(voice.invitations[0]?.invitation).toMatchObject({ voice: 'cedar', instructions: 'Answer briefly.' });

  await press(ben, 'Open people');
  await press(ben, 'Send away');
  await expect.poll(() => tileOf(ada, 'AI').count()).toBe(0);
  await ada.getByRole('button', { name: 'Invite', exact: true }).waitFor();
});

test('why the AI did not come stands in plain words, and it can be invited again', async () => {
  const voice = new ScriptedVoice();
  voice.refusesNext = true;
  const { ada } = await openCall(browser, { voice });
  await press(ada, 'Open people');
  await press(ada, 'Invite');
  await ada.getByText('The AI service refuses this server. Whoever runs it has to look').waitFor();
  await press(ada, 'Invite');
  await expect.poll(() => tileOf(ada, 'AI').count()).toBe(1);
});

test('while the key a is held the AI listens, and the microphone is on; afterwards both are as before', async () => {
  const { ada, ben, voice } = await callWithAi();
  await ben.keyboard.down('a');
  await ben.getByText('The AI listens to you').waitFor();
  await microphone(ben, 'off').waitFor();
  await ada.getByRole('button', { name: 'Ben talks to the AI' }).waitFor();
  expect(await ada.getByRole('button', { name: 'Ben talks to the AI' }).isDisabled()).toBe(true);
  expect(voice.heard).toHaveLength(1);

  await ben.keyboard.up('a');
  await ada.getByText('Hold to talk to the AI').waitFor();
  await microphone(ben, 'on').waitFor();
});

test('the key a does nothing together with Control, and nothing at all when it is turned off', async () => {
  const { ada, ben, voice } = await callWithAi();
  await ada.keyboard.down('Control');
  await ada.keyboard.press('a');
  await ada.keyboard.up('Control');
  await ada.getByLabel('Talk to it while I hold the key A').uncheck();
  await ada.getByRole('heading', { level: 1 }).click();
  await ada.keyboard.press('a');
  // What Ada had asked for would have been answered before what Ben asks for.
  await ben.keyboard.down('a');
  await ben.getByText('The AI listens to you').waitFor();
  expect(voice.heard).toHaveLength(1);
});

test('the button is held with a pointer, and with Space where it has the focus', async () => {
  const { ada, ben, voice } = await callWithAi();
  const button = ben.locator('button.talk');
  await button.hover();
  await ben.mouse.down();
  await ben.getByText('The AI listens to you').waitFor();
  await ben.mouse.up();
  await ada.getByText('Hold to talk to the AI').waitFor();

  await button.focus();
  await ben.keyboard.down('Space');
  await ben.getByText('The AI listens to you').waitFor();
  await ben.keyboard.up('Space');
  await ada.getByText('Hold to talk to the AI').waitFor();
  expect(voice.heard).toHaveLength(2);
});

test('who cannot hold anything talks from one press to the next', async () => {
  const { ada } = await callWithAi();
  await press(ada, 'Talk to it');
  await ada.getByText('It listens to you.').waitFor();
  await press(ada, 'Stop talking');
  await expect.poll(() => ada.getByText('It listens to nobody.').count()).toBe(1);
});

test('the AI stops listening to somebody whose page was loaded again', async () => {
  const { ada, ben } = await callWithAi();
  await press(ada, 'Talk to it');
  await ben.getByText('Ada talks to the AI').waitFor();
  await ada.reload();
  await expect.poll(() => ben.getByText('Hold to talk to the AI').count()).toBe(1);
});
