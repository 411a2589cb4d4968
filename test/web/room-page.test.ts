import { expect, test } from 'vitest';
import { tileLayout } from '../../src/web/room/tile-layout.ts';
import { statusText, whoIsHere } from '../../src/web/room/words.ts';

test.each([
  [1, 1280, 700, 1],
  [2, 1280, 700, 2],
  [2, 360, 500, 1],
  [4, 1280, 700, 2],
  [9, 1280, 700, 3],
  [25, 1280, 700, 5],
])('%i tiles in %i × %i stand in %i columns', (count, width, height, columns) => {
  expect(tileLayout(count, width, height, 12).columns).toBe(columns);
});

test('up to 25 tiles fit into any window, with the gaps between them', () => {
  for (let count = 1; count <= 25; count += 1) {
    for (const [width, height] of [
      [320, 480],
      [800, 360],
      [1280, 700],
      [2560, 1300],
    ] as const) {
      const { columns, tileWidth } = tileLayout(count, width, height, 12);
      const rows = Math.ceil(count / columns);
      expect(columns * tileWidth + (columns - 1) * 12).toBeLessThanOrEqual(width);
      expect(rows * tileWidth * (9 / 16) + (rows - 1) * 12).toBeLessThanOrEqual(height);
      expect(tileWidth).toBeGreaterThan(50);
    }
  }
});

test('a space that is not there yet has a layout', () => {
  expect(tileLayout(3, 0, 0, 12)).toEqual({ columns: 1, tileWidth: 0 });
});

test('who is there is said in words', () => {
  expect([[], ['Ada'], ['Ada', 'Ben'], ['Ada', 'Ben', 'Cleo', 'Dan']].map(whoIsHere)).toEqual([
    'Nobody is here yet.',
    'Ada is here.',
    'Ada and Ben are here.',
    'Ada, Ben and 2 more are here.',
  ]);
  expect(statusText({ status: 'open' }, 1)).toBe('You are alone here.');
  expect(statusText({ status: 'open' }, 3)).toBe('3 people are here.');
});
