import { expect, test } from 'vitest';
import { qualityOf } from '../../src/web/room/quality.tsx';
import { tileLayout } from '../../src/web/room/tile-layout.ts';
import { refusalText, statusText, whoIsHere } from '../../src/web/room/words.ts';

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
  expect(statusText({ status: 'open' }, 1, true)).toBe('You are alone here.');
  expect(statusText({ status: 'open' }, 3, true)).toBe('3 people are here.');
});

test.each([
  [0, 0.01, 'good'],
  [0.03, 0, 'weak'],
  [0, 0.03, 'weak'],
  [0.01, 0.06, 'bad'],
] as const)(
  'losing %d of what is sent and %d of what comes is a %s connection',
  (outgoing, incoming, quality) => {
    const health = { outgoingBitrate: 0, outgoingLoss: outgoing, incomingLoss: incoming };
    expect(qualityOf({ isConnected: true, health })).toBe(quality);
    expect(qualityOf({ isConnected: false, health })).toBe('none');
  },
);

test('a refusal is told in plain words, one that nobody misses is not, and one of another server as it came', () => {
  expect(refusalText({ code: 'ai_control_held', text: '' })).toContain('Try again when they have finished.');
  expect(
    refusalText({ code: 'ai_control_not_yours', text: 'You are not talking to the AI' }),
  ).toBeUndefined();
  expect(refusalText({ code: undefined, text: 'Something else' })).toBe('Something else.');
});
