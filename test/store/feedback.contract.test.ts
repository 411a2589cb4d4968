import { describe, expect, test } from 'vitest';
import {
  MAX_BUG_REPORTS,
  MAX_DEAD_LETTERS,
  type BugReport,
  type FeedbackClaim,
  type FeedbackMessage,
  type Store,
} from '../../src/store/store.ts';
import { BOTH_STORES } from '../support/both-stores.ts';

const T = 1_700_000_000_000;
const LEASE_MS = 60_000;
const INTERVAL_MS = 1_000;

const message = (id: string, more: Partial<FeedbackMessage> = {}): FeedbackMessage => ({
  id,
  createdAt: T,
  cardJson: `{"cardId":"${id}"}`,
  ...more,
});
const report = (id: string, createdAt = T): BugReport => ({
  id,
  owner: `sid:'"; --`,
  createdAt,
  historyJson: '[{"name":"Zoë 🍊"}]',
});
const claim = (claimId: string, now: number, more: Partial<FeedbackClaim> = {}): FeedbackClaim => ({
  now,
  claimId,
  leaseMs: LEASE_MS,
  minIntervalMs: INTERVAL_MS,
  maxMessages: 10,
  maxBytes: 10_000,
  ...more,
});
const add = async (store: Store, ...ids: string[]): Promise<void> => {
  for (const id of ids) expect(await store.addFeedback(message(id), null, 1_000)).toBe(true);
};

describe.each(BOTH_STORES)('the outbox of the %s store', (_, open) => {
  test('[F9] is empty at first', async () => {
    const store = await open();
    expect(await store.claimFeedback(claim('c', T))).toEqual({ nextAt: null });
    expect(await store.countFeedback()).toEqual({ waiting: 0, dead: 0 });
  });

  test('[F9] gives the oldest messages as one batch, to one claimer', async () => {
    const store = await open();
    await add(store, 'a', 'b', 'c');
    expect(await store.claimFeedback(claim('first', T, { maxMessages: 2 }))).toEqual({
      id: 'first',
      attempts: 0,
      messages: [message('a'), message('b')],
    });
    expect(await store.claimFeedback(claim('second', T + INTERVAL_MS))).toEqual({
      id: 'second',
      attempts: 0,
      messages: [message('c')],
    });
    expect(await store.claimFeedback(claim('third', T + 2 * INTERVAL_MS))).toEqual({ nextAt: T + LEASE_MS });
  });

  test('[F9] claims of two at once never hold one message', async () => {
    const store = await open();
    await add(store, ...Array.from({ length: 30 }, (_each, n) => `m${n}`));
    const claims = Array.from({ length: 8 }, (_each, n) =>
      store.claimFeedback(claim(`c${n}`, T, { minIntervalMs: 0, maxMessages: 4 })),
    );
    const held = (await Promise.all(claims)).flatMap((batch) =>
      'messages' in batch ? batch.messages.map(({ id }) => id) : [],
    );
    expect(held).toEqual(Array.from({ length: 30 }, (_each, n) => `m${n}`));
  });

  test('[F10] lets as many bytes into a batch as were asked for, and one message at least', async () => {
    const store = await open();
    // In UTF-8, not in characters.
    const cardJson = '"äöü"';
    for (const id of ['a', 'b', 'c']) await store.addFeedback(message(id, { cardJson }), null, 10);
    const batches = [];
    for (const [n, maxBytes] of [16, 7].entries()) {
      batches.push(await store.claimFeedback(claim(`c${n}`, T + n * INTERVAL_MS, { maxBytes })));
    }
    expect(batches).toEqual([
      { id: 'c0', attempts: 0, messages: [message('a', { cardJson }), message('b', { cardJson })] },
      { id: 'c1', attempts: 0, messages: [message('c', { cardJson })] },
    ]);
  });

  test('[F8] keeps claims apart, whoever makes them', async () => {
    const store = await open();
    await add(store, 'a');
    await store.claimFeedback(claim('first', T));
    await add(store, 'b');
    expect(await store.claimFeedback(claim('second', T + 1))).toEqual({ nextAt: T + INTERVAL_MS });
    expect(await store.claimFeedback(claim('second', T + INTERVAL_MS - 1))).toEqual({
      nextAt: T + INTERVAL_MS,
    });
    expect(await store.claimFeedback(claim('second', T + INTERVAL_MS))).toMatchObject({ id: 'second' });
  });

  test('[F8] a look that finds nothing is no claim, and a clock that was set back does not stop it', async () => {
    const store = await open();
    await store.claimFeedback(claim('nothing', T));
    await add(store, 'a');
    expect(await store.claimFeedback(claim('first', T + 1))).toMatchObject({ id: 'first' });
    await add(store, 'b');
    expect(await store.claimFeedback(claim('second', T - 3_600_000))).toMatchObject({ id: 'second' });
  });

  test('[F11] a batch that has arrived is gone', async () => {
    const store = await open();
    await add(store, 'a', 'b');
    await store.claimFeedback(claim('c', T));
    await store.deliveredFeedback('unknown');
    expect(await store.countFeedback()).toEqual({ waiting: 2, dead: 0 });
    await store.deliveredFeedback('c');
    expect(await store.countFeedback()).toEqual({ waiting: 0, dead: 0 });
  });

  test('[F12] a batch to be tried again keeps its id and its members', async () => {
    const store = await open();
    await add(store, 'a', 'b');
    await store.claimFeedback(claim('first', T));
    await store.retryFeedback('first', T + 9_000, false);
    // The claim has been given back.
    await store.deliveredFeedback('first');
    await add(store, 'c');
    expect(await store.claimFeedback(claim('second', T + 2_000))).toMatchObject({ messages: [message('c')] });
    await store.deliveredFeedback('second');
    expect(await store.claimFeedback(claim('third', T + 8_999))).toEqual({ nextAt: T + 9_000 });
    expect(await store.claimFeedback(claim('fourth', T + 9_000))).toEqual({
      id: 'first',
      attempts: 1,
      messages: [message('a'), message('b')],
    });
  });

  test('[F13] split, its messages are batches of their own, with other ids', async () => {
    const store = await open();
    await add(store, 'a', 'b');
    await store.claimFeedback(claim('first', T));
    await store.retryFeedback('first', T, true);
    await store.deliveredFeedback('first');
    const batches = [
      await store.claimFeedback(claim('second', T + INTERVAL_MS)),
      await store.claimFeedback(claim('third', T + 2 * INTERVAL_MS)),
    ];
    expect(batches).toEqual([
      { id: 'a', attempts: 0, messages: [message('a')] },
      { id: 'b', attempts: 0, messages: [message('b')] },
    ]);
  });

  test('[F9] a claim that says nothing until its lease is over has lost its batch', async () => {
    const store = await open();
    await add(store, 'a', 'b');
    await store.claimFeedback(claim('crashed', T));
    expect(await store.claimFeedback(claim('early', T + LEASE_MS - 1))).toEqual({ nextAt: T + LEASE_MS });
    const taken = await store.claimFeedback(claim('later', T + LEASE_MS));
    expect(taken).toEqual({ id: 'crashed', attempts: 1, messages: [message('a'), message('b')] });
    // What it says after that counts no more.
    await store.deliveredFeedback('crashed');
    await store.retryFeedback('crashed', T, true);
    await store.buryFeedback('crashed', T, 'late');
    expect(await store.countFeedback()).toEqual({ waiting: 2, dead: 0 });
    expect(await store.claimFeedback(claim('third', T + LEASE_MS + INTERVAL_MS))).toEqual({
      nextAt: T + 2 * LEASE_MS,
    });
  });

  test('[F14] what was given up is a dead letter until it is old', async () => {
    const store = await open();
    await add(store, 'a', 'b');
    await store.claimFeedback(claim('c', T, { maxMessages: 1 }));
    await store.buryFeedback('c', T + 5, 'http_400');
    expect(await store.countFeedback()).toEqual({ waiting: 1, dead: 1 });
    await store.pruneFeedback(T + 5);
    expect(await store.countFeedback()).toEqual({ waiting: 1, dead: 1 });
    await store.pruneFeedback(T + 6);
    expect(await store.countFeedback()).toEqual({ waiting: 1, dead: 0 });
  });

  test('[F7] takes no more than the limit, and then neither the message nor its report', async () => {
    const store = await open();
    expect(await store.addFeedback(message('a'), report('r-a'), 1)).toBe(true);
    expect(await store.addFeedback(message('b'), report('r-b'), 1)).toBe(false);
    expect(await store.countFeedback()).toEqual({ waiting: 1, dead: 0 });
    expect([await store.readReport('r-a'), await store.readReport('r-b')]).toEqual([
      report('r-a'),
      undefined,
    ]);
  });

  test('[F5] reports are kept until they are old', async () => {
    const store = await open();
    await store.addFeedback(message('a'), report('old', T - 1), 10);
    await store.addFeedback(message('b'), report('young', T), 10);
    await store.pruneFeedback(T);
    expect([await store.readReport('old'), await store.readReport('young')]).toEqual([
      undefined,
      report('young'),
    ]);
  });

  test('[F5] [F14] of reports and dead letters the oldest go when there are too many', async () => {
    const store = await open();
    const numbers = Array.from({ length: MAX_DEAD_LETTERS + 2 }, (_each, n) => n);
    for (const n of numbers) await store.addFeedback(message(`m${n}`), report(`r${n}`), numbers.length);
    await store.claimFeedback(claim('c', T, { maxMessages: numbers.length, maxBytes: 1e9 }));
    await store.buryFeedback('c', T, 'http_400');
    expect(await store.countFeedback()).toEqual({ waiting: 0, dead: MAX_DEAD_LETTERS });
    const firstKept = numbers.length - MAX_BUG_REPORTS;
    expect(await store.readReport(`r${firstKept - 1}`)).toBeUndefined();
    expect(await store.readReport(`r${firstKept}`)).toEqual(report(`r${firstKept}`));
  });

  test('[F6] feedback on a call is taken for meetings that there were, also ended ones', async () => {
    const store = await open();
    const meeting = { id: 'm', startedAt: T, at: T, peakUserCount: 1, ended: true };
    await store.save({ meetings: [meeting], rooms: [] });
    expect(await store.saveCallFeedback('m', true, '1.0.0')).toBe(true);
    expect(await store.saveCallFeedback('unknown', true, '1.0.0')).toBe(false);
    await store.saveRefresh('1.0.0');
  });
});
