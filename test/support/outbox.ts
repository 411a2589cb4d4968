import { onTestFinished } from 'vitest';
import type { Card } from '../../src/feedback/google-chat.ts';
import { Outbox, type OutboxDeps } from '../../src/feedback/outbox.ts';
import { Webhook } from '../../src/feedback/webhook.ts';
import { createLog } from '../../src/log.ts';
import { MemoryStore } from '../../src/store/store.memory.ts';
import { endOfTurn, FakeClock } from './fake-clock.ts';
import { ScriptedWebhook } from './scripted-webhook.ts';
import { until } from './until.ts';

/** What an outbox has told its store about a batch; times from that moment on. */
export type Settled =
  | { readonly type: 'delivered' }
  | { readonly type: 'retry'; readonly afterMs: number; readonly split: boolean }
  | { readonly type: 'bury'; readonly reason: string };

/** A store that tells what it was told, and refuses when the test says so. */
export class WatchedStore extends MemoryStore {
  readonly settled: Settled[] = [];
  /** How many of the next calls of a method are refused. */
  readonly refusals: Partial<Record<'claimFeedback' | 'deliveredFeedback' | 'addFeedback', Error[]>> = {};
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    super();
    this.#clock = clock;
  }

  override async addFeedback(...args: Parameters<MemoryStore['addFeedback']>): Promise<boolean> {
    this.#refuse('addFeedback');
    return super.addFeedback(...args);
  }

  override async claimFeedback(
    ...args: Parameters<MemoryStore['claimFeedback']>
  ): ReturnType<MemoryStore['claimFeedback']> {
    this.#refuse('claimFeedback');
    return super.claimFeedback(...args);
  }

  override async deliveredFeedback(claimId: string): Promise<void> {
    this.#refuse('deliveredFeedback');
    await super.deliveredFeedback(claimId);
    this.settled.push({ type: 'delivered' });
  }

  override async retryFeedback(claimId: string, at: number, split: boolean): Promise<void> {
    await super.retryFeedback(claimId, at, split);
    this.settled.push({ type: 'retry', afterMs: at - this.#clock.now(), split });
  }

  override async buryFeedback(claimId: string, at: number, reason: string): Promise<void> {
    await super.buryFeedback(claimId, at, reason);
    this.settled.push({ type: 'bury', reason });
  }

  #refuse(method: keyof WatchedStore['refusals']): void {
    const error = this.refusals[method]?.shift();
    if (error !== undefined) throw error;
  }
}

export type OutboxBench = {
  readonly clock: FakeClock;
  readonly store: WatchedStore;
  readonly webhook: ScriptedWebhook;
  readonly outbox: Outbox;
  /** Log lines so far, parsed. */
  readonly logLines: Record<string, unknown>[];
  /** Another outbox on the same store, with the same receiver. */
  readonly another: (more?: Partial<OutboxDeps>) => Outbox;
};

/** An outbox with a receiver on loopback, not started; all of it ends with the test. */
export async function outboxBench(more: Partial<OutboxDeps> = {}): Promise<OutboxBench> {
  const clock = new FakeClock();
  const store = new WatchedStore(clock);
  const webhook = await ScriptedWebhook.start(clock);
  const logLines: Record<string, unknown>[] = [];
  const log = createLog('debug', {
    write: (line) => void logLines.push(JSON.parse(line) as Record<string, unknown>),
  });
  let ids = 0;
  const newId = (): string => `id-${(ids += 1)}`;
  const another = (other: Partial<OutboxDeps> = {}): Outbox => {
    const outbox = new Outbox({
      store,
      webhook: new Webhook(webhook.url, clock),
      clock,
      log,
      newId,
      random: () => 1,
      ...other,
    });
    onTestFinished(() => outbox.stop());
    return outbox;
  };
  return { clock, store, webhook, outbox: another(more), logLines, another };
}

/** A card with a text in it. */
export const cardOf = (text: string): Card => ({
  cardId: 'card',
  card: {
    header: { title: text, subtitle: 's', imageUrl: 'https://example.org/i.png', imageType: 'CIRCLE' },
    sections: [{ header: 'h', widgets: [{ textParagraph: { text } }], collapsible: false }],
  },
});

/** Waits until the outbox has settled so many posts, and waits for what comes next. */
export async function settled({ store }: OutboxBench, count: number): Promise<void> {
  await until(() => store.settled.length >= count);
  await endOfTurn();
}

/** As many turns as a post on loopback would need by far. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await endOfTurn();
}
