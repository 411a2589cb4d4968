import { describe, expect, test } from 'vitest';
import { Webhook } from '../../src/feedback/webhook.ts';
import { cardOf, outboxBench, quiet, settled, type OutboxBench } from '../support/outbox.ts';
import type { Reply } from '../support/scripted-webhook.ts';
import { until } from '../support/until.ts';

/** A bench whose outbox has one card to post, and has been answered so. */
async function answered(reply: Reply): Promise<OutboxBench> {
  const bench = await outboxBench();
  bench.webhook.replies.push(reply);
  await bench.outbox.add(cardOf('a'));
  await bench.outbox.start();
  await until(() => bench.webhook.posts.length === 1);
  return bench;
}

describe('what counts as arrived', () => {
  test.each<Reply>([{ status: 200 }, { status: 204 }, { status: 409 }, 'cut in the body', 'flood'])(
    '[F11] %j',
    async (reply) => {
      const bench = await answered(reply);
      await settled(bench, 1);
      bench.clock.advance(3_600_000);
      await quiet();
      expect(bench.store.settled).toEqual([{ type: 'delivered' }]);
      expect(bench.webhook.posts).toHaveLength(1);
    },
  );
});

test('[F11] what has been answered in part, and then not within 10 s', async () => {
  const bench = await answered('stall in the body');
  bench.clock.advance(9_999);
  await quiet();
  expect(bench.store.settled).toEqual([]);
  bench.clock.advance(1);
  await settled(bench, 1);
  expect(bench.store.settled).toEqual([{ type: 'delivered' }]);
});

describe('what is tried again', () => {
  test.each<[Reply]>([[{ status: 500 }], [{ status: 503 }], [{ status: 408 }], [{ status: 429 }], ['cut']])(
    '[F12] %j: after 2 s, as the same request',
    async (reply) => {
      const bench = await answered(reply);
      const { clock, webhook, store } = bench;
      await settled(bench, 1);
      clock.advance(1_999);
      await quiet();
      expect(webhook.posts).toHaveLength(1);
      clock.advance(1);
      await settled(bench, 2);
      expect(webhook.posts[1]).toEqual({ ...webhook.posts[0], at: clock.now() });
      expect(store.settled).toEqual([{ type: 'retry', afterMs: 2_000, split: false }, { type: 'delivered' }]);
    },
  );

  test('[F12] a receiver that has not answered within 10 s', async () => {
    const bench = await answered('silence');
    const { clock, webhook, store, logLines } = bench;
    clock.advance(9_999);
    await quiet();
    expect(store.settled).toEqual([]);
    clock.advance(1);
    await settled(bench, 1);
    clock.advance(2_000);
    await settled(bench, 2);
    expect(store.settled).toEqual([{ type: 'retry', afterMs: 2_000, split: false }, { type: 'delivered' }]);
    expect(new Set(webhook.requestIds).size).toBe(1);
    expect(logLines.map(({ reason }) => reason)).toContain('timeout');
  });

  test('[F12] a receiver that is not there', async () => {
    const bench = await outboxBench();
    // Port 1 is nobody's.
    const outbox = bench.another({ webhook: new Webhook('http://127.0.0.1:1/', bench.clock) });
    await outbox.add(cardOf('a'));
    await outbox.start();
    await settled(bench, 1);
    expect(bench.store.settled).toEqual([{ type: 'retry', afterMs: 2_000, split: false }]);
    expect(bench.logLines.map(({ reason }) => reason)).toContain('ECONNREFUSED');
  });

  test('[F12] twice as late each time, up to 5 minutes', async () => {
    const bench = await outboxBench();
    const { outbox, webhook, clock, store } = bench;
    webhook.decide = () => ({ status: 500 });
    await outbox.add(cardOf('a'));
    await outbox.start();
    for (let post = 1; post <= 10; post += 1) {
      await settled(bench, post);
      clock.advance(300_000);
    }
    const waits = store.settled.map((each) => ('afterMs' in each ? each.afterMs / 1_000 : each.type));
    expect(waits).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    expect(new Set(webhook.requestIds).size).toBe(1);
  });

  test('[F12] somewhere in the second half of that time, by chance', async () => {
    const bench = await outboxBench({ random: () => 0 });
    bench.webhook.replies.push({ status: 500 });
    await bench.outbox.add(cardOf('a'));
    await bench.outbox.start();
    await settled(bench, 1);
    expect(bench.store.settled).toEqual([{ type: 'retry', afterMs: 1_000, split: false }]);
  });

  test.each([
    ['7', 7_000],
    ['1', 2_000],
    ['0', 2_000],
    ['999999', 3_600_000],
    // The clock of these tests starts 1,000 s after the epoch.
    ['Thu, 01 Jan 1970 00:17:10 GMT', 30_000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 2_000],
    ['soon', 2_000],
  ])('[F12] with Retry-After %j after %j ms', async (retryAfter, afterMs) => {
    const bench = await answered({ status: 429, headers: { 'retry-after': retryAfter } });
    await settled(bench, 1);
    expect(bench.store.settled).toEqual([{ type: 'retry', afterMs, split: false }]);
    await bench.outbox.add(cardOf('b'));
    bench.clock.advance(afterMs - 1);
    await quiet();
    expect(bench.webhook.posts).toHaveLength(1);
    bench.clock.advance(1);
    await settled(bench, 2);
    expect(bench.webhook.posts[1]?.body.cardsV2).toEqual([cardOf('a')]);
  });

  test('[F12] while a batch waits after an error, others are posted', async () => {
    const bench = await answered({ status: 500 });
    await settled(bench, 1);
    await bench.outbox.add(cardOf('b'));
    bench.clock.advance(1_100);
    await settled(bench, 2);
    bench.clock.advance(1_100);
    await settled(bench, 3);
    expect(bench.webhook.posts.map(({ body }) => body.cardsV2[0]?.card.header.title)).toEqual([
      'a',
      'b',
      'a',
    ]);
  });
});

describe('what is given up', () => {
  test.each([400, 401, 403, 404, 413, 301])('[F13] [F14] a card that is answered with %j', async (status) => {
    const bench = await answered({ status, headers: { location: '/elsewhere' } });
    await settled(bench, 1);
    bench.clock.advance(3_600_000);
    await quiet();
    expect(bench.store.settled).toEqual([{ type: 'bury', reason: `http_${status}` }]);
    expect(bench.webhook.posts).toHaveLength(1);
    expect(await bench.store.countFeedback()).toEqual({ waiting: 0, dead: 1 });
  });

  test('[F13] of a batch exactly the card that spoils it', async () => {
    const bench = await outboxBench();
    const { outbox, webhook, clock, store } = bench;
    webhook.decide = ({ body }) => ({ status: JSON.stringify(body).includes('bad') ? 400 : 200 });
    for (const text of ['a', 'bad', 'c']) await outbox.add(cardOf(text));
    await outbox.start();
    for (let post = 1; post <= 4; post += 1) {
      await settled(bench, post);
      clock.advance(1_100);
    }
    await quiet();
    expect(store.settled).toEqual([
      { type: 'retry', afterMs: 0, split: true },
      { type: 'delivered' },
      { type: 'bury', reason: 'http_400' },
      { type: 'delivered' },
    ]);
    expect(
      webhook.posts.map(({ body }) => body.cardsV2.map(({ cardId, card }) => [cardId, card.header.title])),
    ).toEqual([
      [
        ['card-1', 'a'],
        ['card-2', 'bad'],
        ['card-3', 'c'],
      ],
      [['card', 'a']],
      [['card', 'bad']],
      [['card', 'c']],
    ]);
    expect(new Set(webhook.requestIds).size).toBe(4);
    expect(await store.countFeedback()).toEqual({ waiting: 0, dead: 1 });
  });

  test('[F14] what has not arrived after a day', async () => {
    const bench = await outboxBench();
    const { outbox, webhook, clock, store } = bench;
    webhook.decide = () => ({ status: 503 });
    await outbox.add(cardOf('a'));
    const createdAt = clock.now();
    await outbox.start();
    await settled(bench, 1);
    clock.advance(24 * 3_600_000 - 1);
    await settled(bench, 2);
    expect(store.settled[1]?.type).toBe('retry');
    clock.advance(1);
    clock.advance(4_000);
    await settled(bench, 3);
    expect(store.settled[2]).toEqual({ type: 'bury', reason: 'gave_up' });
    expect(clock.now() - createdAt).toBeGreaterThanOrEqual(24 * 3_600_000);
  });

  test('[F14] not what travels with something younger', async () => {
    const bench = await outboxBench();
    const { outbox, webhook, clock, store } = bench;
    webhook.decide = () => ({ status: 503 });
    await outbox.add(cardOf('old'));
    clock.advance(23 * 3_600_000);
    await outbox.add(cardOf('young'));
    await outbox.start();
    await settled(bench, 1);
    clock.advance(2 * 3_600_000);
    await settled(bench, 2);
    expect(store.settled.map(({ type }) => type)).toEqual(['retry', 'retry']);
  });

  test('[F14] not what has waited for a day without having been tried', async () => {
    const bench = await outboxBench();
    await bench.outbox.add(cardOf('a'));
    bench.clock.advance(3 * 24 * 3_600_000);
    await bench.outbox.start();
    await settled(bench, 1);
    expect(bench.store.settled).toEqual([{ type: 'delivered' }]);
  });
});
