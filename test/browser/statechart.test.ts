import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { machines } from '../../machines/index.ts';
import { launchBrowser } from './site.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
  return () => browser.close();
});

/** The drawing as a page shows it, in a window as wide as a laptop's; and a picture of it for people to look at. */
async function look(name: string, colorScheme: 'light' | 'dark') {
  const context = await browser.newContext({ colorScheme, viewport: { width: 1280, height: 800 } });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const svg = readFileSync(new URL(`../../machines/${name}.svg`, import.meta.url), 'utf8');
  await page.setContent(
    `<!doctype html><style>body { margin: 0 } svg { max-width: 100%; height: auto }</style>${svg}`,
  );
  const path = fileURLToPath(new URL(`screenshots/statechart-${name}-${colorScheme}.png`, import.meta.url));
  await page.screenshot({ path, fullPage: true });
  return page;
}

describe.each(Object.keys(machines))('the drawing of %s', (name) => {
  test.each(['light', 'dark'] as const)(
    'fits a page and keeps all text in its box, %s',
    async (colorScheme) => {
      const page = await look(name, colorScheme);
      const seen = await page.evaluate(() => {
        const boxOf = (group: Element): DOMRect | undefined =>
          group.querySelector(':scope > .label, :scope > .box')?.getBoundingClientRect();
        const outside = [...document.querySelectorAll('text')].filter((text) => {
          const group = text.closest('.edge, .state');
          if (group === null) return false;
          const [box, { left, right, top, bottom }] = [boxOf(group), text.getBoundingClientRect()];
          return (
            box === undefined || left < box.left || right > box.right || top < box.top || bottom > box.bottom
          );
        });
        return {
          outside: outside.map((text) => text.textContent),
          isWide: document.documentElement.scrollWidth > window.innerWidth,
          // Drawn with 12.
          hasSmallText: [...document.querySelectorAll('text')].some(
            (text) => (text.getCTM()?.a ?? 0) * Number.parseFloat(getComputedStyle(text).fontSize) < 11.5,
          ),
        };
      });
      expect(seen).toEqual({ outside: [], isWide: false, hasSmallText: false });
    },
  );

  test('is dark on a dark page and light on a light one', async () => {
    const grounds = await Promise.all(
      (['light', 'dark'] as const).map(async (colorScheme) => {
        const page = await look(name, colorScheme);
        return page.locator('.ground').evaluate((ground) => getComputedStyle(ground).fill);
      }),
    );
    expect(grounds).toEqual(['rgb(255, 255, 255)', 'rgb(17, 21, 27)']);
  });

  test('shows where a running machine is, once its page says so', async () => {
    const page = await look(name, 'light');
    const fillOf = (): Promise<string> =>
      page
        .locator('[data-state] > .bar')
        .last()
        .evaluate((bar) => getComputedStyle(bar).fill);
    const before = await fillOf();
    await page
      .locator('[data-state]')
      .last()
      .evaluate((state) => state.classList.add('is-active'));
    expect(await fillOf()).not.toBe(before);
  });
});
