import type { ServerResponse } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import {
  answer,
  operationOf,
  ScriptedSfu,
  type SfuHandler,
  type SfuRequest,
} from '../support/scripted-sfu.ts';
import { KNOWS_ADDRESSES, runIn } from './media-page.ts';
import type { SfuReply } from './media-page.sfu.ts';

type Change = (reply: SfuReply) => SfuReply;

/** An SFU that really negotiates and forwards media. */
export type PageSfu = {
  /** Its API; what no test scripts is carried out. */
  readonly api: ScriptedSfu;
  /** Carries a request out and answers something else. */
  alterAnswer(change: Change): SfuHandler;
  /** Carries a request out; the answer is lost. */
  readonly loseAnswer: SfuHandler;
  /** Loses every session without telling anybody. */
  forgetAll(): Promise<void>;
};

/** Starts an SFU in a page of its own, until the test ends. Requests wait until the page is there. */
export async function startPageSfu(browser: Browser): Promise<PageSfu> {
  const opening = openPage(browser);
  const carryOut = async (request: SfuRequest): Promise<SfuReply> => {
    const page = await opening;
    const [, sessionId = ''] = /\/sessions\/([^/]+)/.exec(request.path) ?? [];
    const call = { operation: operationOf(request), sessionId, body: request.body };
    return page.evaluate((call) => window.sfu.handle(call), call);
  };
  const answerBy = async (change: Change, request: SfuRequest, response: ServerResponse): Promise<void> => {
    let reply: SfuReply;
    try {
      reply = change(await carryOut(request));
    } catch (error) {
      // The page is gone with its test, or has a bug, which this tells.
      reply = { status: 500, body: { errorCode: 'internal_error', errorDescription: String(error) } };
    }
    answer(reply.status, reply.body)(request, response);
  };
  const alterAnswer =
    (change: Change): SfuHandler =>
    (request, response) =>
      void answerBy(change, request, response);
  const loseAnswer: SfuHandler = (request, response) => {
    const lose = (): void => void response.destroy();
    carryOut(request).then(lose, lose);
  };
  const api = await ScriptedSfu.start(alterAnswer((reply) => reply));
  const forgetAll = async (): Promise<void> => (await opening).evaluate(() => window.sfu.forgetAll());
  return { api, alterAnswer, loseAnswer, forgetAll };
}

async function openPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext(KNOWS_ADDRESSES);
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await runIn(page, 'media-page.sfu.ts');
  return page;
}
