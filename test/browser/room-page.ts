import type { Page } from 'playwright-core';

/** Opens a room as somebody without a name does: gives one when asked, and is in the room. */
export async function enterAs(tab: Page, name: string, path = '/daily'): Promise<void> {
  await tab.goto(path);
  await tab.getByLabel('Name').fill(name);
  await tab.getByRole('button', { name: 'Continue' }).click();
  await tab.waitForURL((url) => url.pathname === path);
}

/** Who is listed in a room's page: `[name, remark]` each, by name. The page's own order is that of random ids. */
export async function people(tab: Page): Promise<string[][]> {
  const rows = await tab
    .getByRole('list', { name: 'People in this room' })
    .getByRole('listitem')
    .evaluateAll((items) => items.map((item) => Array.from(item.children, (part) => part.textContent)));
  return rows.sort(([one = ''], [other = '']) => one.localeCompare(other));
}
