import { describe, expect, test } from 'vitest';
import { KEEP_MS } from '../../src/feedback/outbox.ts';
import { cardOf, outboxBench, quiet, settled } from '../support/outbox.ts';
import { until } from '../support/until.ts';

const DAY_MS = 24 * 60 * 60_000;

describe('a post', () => {
  test('[F10] carries what waits as one message, each card with an id of its own', async () => {
    const bench = await outboxBench();
    const { outbox, webhook, clock } = bench;
    for (const text of ['a', 'b', 'c']) await outbox.add(cardOf(text));
    await outbox.start();
    await settled(bench, 1);
    const [requestId = ''] = webhook.requestIds;
    expect(webhook.posts).toEqual([
      {
        at: clock.now(),
        method: 'POST',
        url: `/v1/spaces/AAAA/messages?key=the-key-of-it&token=the+token%3D&requestId=${requestId}`,
        requestId,
        contentType: 'application/json; charset=utf-8',
        body: {
          cardsV2: [
            { ...cardOf('a'), cardId: 'card-1' },
            { ...cardOf('b'), cardId: 'card-2' },
            { ...cardOf('c'), cardId: 'card-3' },
          ],
        },
      },
    ]);
    expect(await bench.store.countFeedback()).toEqual({ waiting: 0, dead: 0 });
  });

  test('[F10] of one card leaves its id as it is', async () => {
    const bench = await outboxBench();
    await bench.outbox.start();
    await bench.outbox.add(cardOf('a'));
    await settled(bench, 1);
    expect(bench.webhook.posts.map(({ body }) => body)).toEqual([{ cardsV2: [cardOf('a')] }]);
  });

  test('[F10] has ten cards and 30,000 bytes at most', async () => {
    const bench = await outboxBench();
    const { outbox, webhook, clock } = bench;
    const sizes = [...Array<number>(11).fill(10), 13_000, 13_000, 13_000];
    for (const size of sizes) await outbox.add(cardOf('x'.repeat(size / 2)));
    await outbox.start();
    for (let post = 1; post <= 3; post += 1) {
      await settled(bench, post);
      clock.advance(1_100);
    }
    await settled(bench, 3);
    expect(webhook.posts.map(({ body }) => body.cardsV2.length)).toEqual([10, 3, 1]);
    for (const { body } of webhook.posts) {
      expect(Buffer.byteLength(JSON.stringify(body))).toBeLessThanOrEqual(30_000);
    }
  });

  test('[F8] comes 1.1 s after the one before has ended, whatever is added meanwhile', async () => {
    const bench = await outboxBench();
    const { outbox, webhook, clock } = bench;
    const start = clock.now();
    await outbox.start();
    await outbox.add(cardOf('a'));
    await settled(bench, 1);
    await outbox.add(cardOf('b'));
    clock.advance(1_099);
    await outbox.add(cardOf('c'));
    await quiet();
    clock.advance(1);
    await settled(bench, 2);
    expect(webhook.posts.map(({ at, body }) => [at - start, body.cardsV2.length])).toEqual([
      [0, 1],
      [1_100, 2],
    ]);
  });

  test('[F8] waits for the answer to the one before, and from then on', async () => {
    const bench = await outboxBench();
    const { outbox, webhook, clock } = bench;
    let answer = (): void => {};
    webhook.replies.push({ status: 200, after: new Promise((resolve) => void (answer = resolve)) });
    const start = clock.now();
    await outbox.start();
    await outbox.add(cardOf('a'));
    await until(() => webhook.posts.length === 1);
    await outbox.add(cardOf('b'));
    clock.advance(9_000);
    answer();
    await settled(bench, 1);
    clock.advance(1_099);
    await quiet();
    clock.advance(1);
    await settled(bench, 2);
    expect(webhook.posts.map(({ at }) => at - start)).toEqual([0, 10_100]);
  });

  test('[F8] is not put off when the clock is set back', async () => {
    const bench = await outboxBench();
    const { outbox, webhook, clock } = bench;
    clock.jump(2 * DAY_MS);
    await outbox.start();
    await outbox.add(cardOf('a'));
    await settled(bench, 1);
    clock.jump(-DAY_MS);
    await outbox.add(cardOf('b'));
    await settled(bench, 2);
    expect(webhook.posts).toHaveLength(2);
  });

  test('[F8] [F9] of two outboxes on one store come as if of one, and each card comes once', async () => {
    const bench = await outboxBench();
    const { outbox, another, webhook, clock } = bench;
    const texts = Array.from({ length: 35 }, (_, n) => `text ${n}`);
    for (const text of texts) await outbox.add(cardOf(text));
    const start = clock.now();
    await outbox.start();
    await another().start();
    for (let post = 1; post <= 4; post += 1) {
      await settled(bench, post);
      await quiet();
      clock.advance(1_100);
    }
    await quiet();
    expect(webhook.posts.map(({ at }) => at - start)).toEqual([0, 1_100, 2_200, 3_300]);
    expect(webhook.posts.flatMap(({ body }) => body.cardsV2.map(({ card }) => card.header.title))).toEqual(
      texts,
    );
  });

  test('[F15] while nothing waits, nothing runs but the daily pruning', async () => {
    const bench = await outboxBench();
    const { outbox, clock, store } = bench;
    await outbox.start();
    await quiet();
    expect(clock.timerCount).toBe(1);
    await outbox.add(cardOf('a'));
    await settled(bench, 1);
    clock.advance(1_100);
    await quiet();
    expect(clock.timerCount).toBe(1);
    const report = { id: 'r', owner: 'o', createdAt: clock.now(), historyJson: '[]' };
    await outbox.add(cardOf('b'), report);
    clock.advance(KEEP_MS);
    await quiet();
    expect(await store.readReport('r')).toEqual(report);
    clock.advance(DAY_MS);
    await quiet();
    expect(await store.readReport('r')).toBeUndefined();
  });
});
