import type { Page } from 'playwright-core';

/** Opens a page as somebody without a name does: gives one when asked, and is in the lobby of the room, or at home. */
export async function arriveAs(tab: Page, name: string, path = '/daily'): Promise<void> {
  await tab.goto(path);
  await tab.getByLabel('Name').fill(name);
  await tab.getByRole('button', { name: 'Continue' }).click();
  await tab.waitForURL((url) => url.pathname === path);
}

/** Goes from the lobby into the call. */
export const join = (tab: Page): Promise<void> => tab.getByRole('button', { name: 'Join' }).click();

/** From the first visit into the call. */
export async function enterAs(tab: Page, name: string, path = '/daily'): Promise<void> {
  await arriveAs(tab, name, path);
  await join(tab);
}

/** Who is seen in a call: `[name, remark]` each, by name. The page's own order is that of random ids. */
export async function people(tab: Page): Promise<string[][]> {
  const rows = await tab
    .getByRole('list', { name: 'People in this room' })
    .getByRole('listitem')
    .evaluateAll((items) =>
      items.map((item) => ['.name', '.notes'].map((part) => item.querySelector(part)?.textContent ?? '')),
    );
  return rows.sort(([one = ''], [other = '']) => one.localeCompare(other));
}
