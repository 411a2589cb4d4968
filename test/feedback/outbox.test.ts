import { describe, expect, test } from 'vitest';
import { AppError } from '../../src/errors.ts';
import type { PostOutcome } from '../../src/feedback/webhook.ts';
import { cardOf, outboxBench, quiet, settled } from '../support/outbox.ts';
import { SECRET_QUERY } from '../support/scripted-webhook.ts';
import { until } from '../support/until.ts';

/** A post to it lasts until the end of the test: that of a process which is gone. */
class HangingWebhook {
  #end: (outcome: PostOutcome) => void = () => {};

  post(): Promise<PostOutcome> {
    return new Promise((resolve) => void (this.#end = resolve));
  }

  async close(): Promise<void> {
    this.#end({ type: 'later', reason: 'closed', retryAfterMs: 0, overloaded: false });
  }
}

describe('what is added', () => {
  test('[F7] is refused when a thousand wait', async () => {
    const { outbox } = await outboxBench();
    for (let n = 0; n < 1_000; n += 1) await outbox.add(cardOf('a'));
    await expect(outbox.add(cardOf('b'))).rejects.toMatchObject({ code: 'too_many_requests' });
  });

  test('[F7] is refused when it cannot be stored', async () => {
    const { outbox, store } = await outboxBench();
    store.refusals.addFeedback = [new AppError('store_unavailable')];
    await expect(outbox.add(cardOf('a'))).rejects.toMatchObject({ code: 'store_unavailable' });
    await outbox.add(cardOf('a'));
    expect(await store.countFeedback()).toEqual({ waiting: 1, dead: 0 });
  });
});

describe('a store that fails', () => {
  test('[F16] is named once and tried again', async () => {
    const bench = await outboxBench();
    const { outbox, store, clock, logLines } = bench;
    const failure = new AppError('store_unavailable');
    store.refusals.claimFeedback = [failure, failure];
    await outbox.add(cardOf('a'));
    await outbox.start();
    await quiet();
    clock.advance(10_000);
    await quiet();
    clock.advance(10_000);
    await settled(bench, 1);
    expect(logLines.map(({ level, msg }) => [level, msg])).toEqual([
      [30, 'feedback is on'],
      [50, 'feedback outbox cannot be used, trying again'],
      [30, 'feedback outbox works again'],
    ]);
  });

  test('[F11] when a post has arrived learns of it later, and nothing is posted twice', async () => {
    const bench = await outboxBench();
    const { outbox, store, clock, webhook } = bench;
    const refusals = Array.from({ length: 8 }, () => new AppError('store_unavailable'));
    store.refusals.deliveredFeedback = refusals;
    await outbox.start();
    await outbox.add(cardOf('a'));
    await until(() => refusals.length === 7);
    // Past the lease.
    while (store.settled.length === 0) {
      clock.advance(10_000);
      await quiet();
    }
    clock.advance(60_000);
    await quiet();
    expect(store.settled).toEqual([{ type: 'delivered' }]);
    expect(webhook.posts).toHaveLength(1);
    expect(await store.countFeedback()).toEqual({ waiting: 0, dead: 0 });
  });
});

describe('a stop', () => {
  test('[F15] ends a post that is under way, and the next process repeats it at once', async () => {
    const bench = await outboxBench();
    const { outbox, another, webhook, clock, store } = bench;
    webhook.replies.push('silence');
    await outbox.start();
    await outbox.add(cardOf('a'));
    await outbox.add(cardOf('b'));
    await until(() => webhook.posts.length === 1);
    await outbox.stop();
    expect([clock.timerCount, await store.countFeedback()]).toEqual([0, { waiting: 2, dead: 0 }]);
    await outbox.add(cardOf('c'));
    await another().start();
    await quiet();
    clock.advance(1_100);
    await settled(bench, 2);
    expect(webhook.posts[1]).toEqual({ ...webhook.posts[0], at: clock.now() });
    expect(store.settled).toEqual([{ type: 'retry', afterMs: 0, split: false }, { type: 'delivered' }]);
  });

  test('[F9] that never came leaves the batch to the next process once the lease is over', async () => {
    const dead = new HangingWebhook();
    const bench = await outboxBench();
    const { outbox, another, webhook, clock } = bench;
    const crashed = another({ webhook: dead });
    await outbox.add(cardOf('a'));
    await crashed.start();
    await quiet();
    const start = clock.now();
    await outbox.start();
    await quiet();
    clock.advance(59_999);
    await quiet();
    clock.advance(1);
    await settled(bench, 1);
    expect(webhook.posts.map(({ at, body }) => [at - start, body.cardsV2])).toEqual([
      [60_000, [cardOf('a')]],
    ]);
  });

  test('[F15] before the start, and twice, is harmless', async () => {
    const { outbox, clock, webhook } = await outboxBench();
    await outbox.add(cardOf('a'));
    await outbox.stop();
    await outbox.stop();
    await outbox.start();
    await quiet();
    expect([clock.timerCount, webhook.posts]).toEqual([0, []]);
  });
});

test('[F16] the log says what happens to feedback, and never to whom it goes or what it says', async () => {
  const bench = await outboxBench();
  const { outbox, webhook, clock, logLines } = bench;
  webhook.replies.push('cut', { status: 500 }, { status: 200 }, { status: 403 });
  await outbox.add(cardOf('a text'));
  await outbox.start();
  for (let post = 1; post <= 3; post += 1) {
    await settled(bench, post);
    clock.advance(10_000);
  }
  await outbox.add(cardOf('another text'));
  await settled(bench, 4);
  const time: unknown = expect.any(Number);
  expect(logLines).toEqual([
    { level: 30, time, waiting: 1, dead: 0, msg: 'feedback is on' },
    {
      level: 40,
      time,
      reason: 'UND_ERR_SOCKET',
      msg: 'feedback cannot be delivered at the moment, trying again',
    },
    { level: 30, time, msg: 'feedback can be delivered again' },
    {
      level: 50,
      time,
      table: 'FeedbackDeadLetters',
      reason: 'http_403',
      msg: 'feedback could not be delivered and was given up',
    },
  ]);
  const log = JSON.stringify(logLines);
  for (const secret of [...SECRET_QUERY.split(/[=&]/), '127.0.0.1', 'text'])
    expect(log).not.toContain(secret);
});
