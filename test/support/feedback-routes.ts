import { AppError } from '../../src/errors.ts';
import type { Card } from '../../src/feedback/google-chat.ts';
import { Outbox } from '../../src/feedback/outbox.ts';
import { feedbackRoutes, type FeedbackDeps } from '../../src/gateway/feedback-routes.ts';
import type { Methods, Response } from '../../src/gateway/request.ts';
import { authorizeBy } from '../../src/identity/authorize.ts';
import { Identifier } from '../../src/identity/identify.ts';
import { JoinTokens } from '../../src/identity/join-token.ts';
import { createLog } from '../../src/log.ts';
import { MemoryStore } from '../../src/store/store.memory.ts';
import { FakeClock } from './fake-clock.ts';
import { fakeRequest, type FakeRequest } from './request.ts';
import { loginCookie, SECRET } from './server.ts';

export type FeedbackBench = {
  readonly clock: FakeClock;
  readonly store: MemoryStore;
  readonly tokens: JoinTokens;
  readonly logLines: Record<string, unknown>[];
  readonly routes: Readonly<Record<string, Methods>>;
  /** The answer, or the code of the refusal. */
  readonly ask: (request: FakeRequest) => Promise<Response | string>;
  /** The cards in the outbox. */
  readonly cards: () => Promise<Card[]>;
};

/** The routes with everything behind them but a receiver. */
export function feedbackBench(more: Partial<FeedbackDeps> = {}): FeedbackBench {
  const clock = new FakeClock();
  const store = new MemoryStore();
  const tokens = new JoinTokens(SECRET, clock);
  const logLines: Record<string, unknown>[] = [];
  const log = createLog('debug', {
    write: (line) => void logLines.push(JSON.parse(line) as Record<string, unknown>),
  });
  let ids = 0;
  const newId = (): string => `id-${(ids += 1)}`;
  const nowhere = { post: () => Promise.reject(new Error('not started')), close: () => Promise.resolve() };
  const routes = feedbackRoutes({
    identifier: new Identifier({
      secrets: [SECRET],
      trustAccessEmailHeader: false,
      requireJoinToken: false,
      joinTokens: tokens,
      accessJwt: undefined,
    }),
    authorize: authorizeBy('open'),
    store,
    outbox: new Outbox({ store, webhook: nowhere, clock, log, newId, random: () => 1 }),
    traceLink: 'https://trace.example.org/{id}',
    version: '1.2.3',
    clock,
    log,
    newId,
    forNamed: (page) => page,
    ...more,
  });
  const ask = async (request: FakeRequest): Promise<Response | string> => {
    const whole = fakeRequest(request);
    try {
      return (await routes[whole.path]?.[whole.method]?.handle(whole)) ?? 'no route';
    } catch (error) {
      if (error instanceof AppError) return error.code;
      throw error;
    }
  };
  const cards = async (): Promise<Card[]> => {
    const claim = { now: 0, claimId: newId(), leaseMs: 1, minIntervalMs: 0, maxMessages: 100, maxBytes: 1e9 };
    const batch = await store.claimFeedback(claim);
    return 'messages' in batch ? batch.messages.map(({ cardJson }) => JSON.parse(cardJson) as Card) : [];
  };
  return { clock, store, tokens, logLines, routes, ask, cards };
}

/** The headers of a login. */
export const alice = { cookie: loginCookie('alice') };
/** The content type of a form without files. */
export const FORM = 'application/x-www-form-urlencoded';

/** A form that alice posts. */
export const form = (path: string, fields: Record<string, string>, headers = {}): FakeRequest => ({
  method: 'POST',
  path,
  headers: { ...alice, 'content-type': FORM, ...headers },
  body: new URLSearchParams(fields).toString(),
});

export const jsonHeaders = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };
export const textHeaders = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };
