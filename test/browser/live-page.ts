import type { Page } from 'playwright-core';

const TRACKS = {
  audioEnabled: true,
  audioUnavailable: false,
  videoEnabled: false,
  screenShareEnabled: false,
};
/** What a page says of its user, as a frame. */
export const presence = (raisedHand: boolean): unknown => ({
  type: 'userUpdate',
  user: { joined: true, raisedHand, speaking: false, tracks: TRACKS },
});

/** Ids of what is highlighted in the drawing. */
export type Highlights = { readonly active: readonly string[]; readonly taken: readonly string[] };

export const highlights = (tab: Page): Promise<Highlights> =>
  tab.evaluate(() => {
    const idsOf = (selector: string, attribute: string): string[] =>
      Array.from(document.querySelectorAll(selector), (group) => group.getAttribute(attribute) ?? '');
    return {
      active: idsOf('#drawing .is-active[data-state]', 'data-state'),
      taken: idsOf('#drawing .is-taken[data-transition]', 'data-transition'),
    };
  });

/** The lines of the log that are in sight: event, who, outcome. */
export const logLines = (tab: Page): Promise<string[][]> =>
  tab
    .getByRole('option')
    .evaluateAll((rows) =>
      rows
        .filter((row) => row.querySelector('.seq') !== null)
        .map((row) =>
          ['.event', '.who', '.outcome'].map((part) => row.querySelector(part)?.textContent ?? ''),
        ),
    );

/** Waits until the page shows a room, and the drawing. */
export async function openLive(tab: Page): Promise<void> {
  await tab.locator('#status', { hasText: /^Live$/ }).waitFor();
  await tab.locator('#drawing .is-active').first().waitFor();
}

export const textOf = async (tab: Page, id: string): Promise<string> =>
  (await tab.locator(`#${id}`).textContent()) ?? '';
