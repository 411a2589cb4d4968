import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import type { Card } from '../../src/feedback/google-chat.ts';

export type Post = {
  /** By the test's clock. */
  readonly at: number;
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly requestId: string;
  readonly contentType: string;
  readonly body: { readonly cardsV2: readonly Card[] };
};

export type Reply =
  | {
      readonly status: number;
      readonly headers?: Record<string, string>;
      /** When to answer; at once without. */
      readonly after?: Promise<void>;
    }
  /** The connection ends: before the answer, or in the middle of it. */
  | 'cut'
  | 'cut in the body'
  | 'stall in the body'
  /** No answer at all. */
  | 'silence'
  /** An answer without an end. */
  | 'flood';

/** What a webhook's URL holds beside its place: nobody may see it. */
export const SECRET_QUERY = 'key=the-key-of-it&token=the%20token%3D';

/** A receiver on loopback that answers as the test says; it ends with the test. */
export class ScriptedWebhook {
  readonly posts: Post[] = [];
  /** Answers to the next posts, in their order; 200 after that. */
  readonly replies: Reply[] = [];
  /** In place of `replies`. */
  decide: (post: Post) => Reply = () => this.replies.shift() ?? { status: 200 };
  url = '';
  readonly #clock: Pick<Clock, 'now'>;

  private constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  static async start(clock: Pick<Clock, 'now'>): Promise<ScriptedWebhook> {
    const webhook = new ScriptedWebhook(clock);
    const server = createServer((request, response) => void webhook.#answer(request, response));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    webhook.url = `http://127.0.0.1:${port}/v1/spaces/AAAA/messages?${SECRET_QUERY}`;
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return webhook;
  }

  get requestIds(): string[] {
    return this.posts.map(({ requestId }) => requestId);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = request.url ?? '';
    const post = {
      at: this.#clock.now(),
      method: request.method ?? '',
      url,
      requestId: new URL(url, 'http://x').searchParams.get('requestId') ?? '',
      contentType: request.headers['content-type'] ?? '',
      body: JSON.parse(Buffer.concat(chunks).toString('utf8')) as Post['body'],
    };
    const reply = this.decide(post);
    this.posts.push(post);
    if (typeof reply !== 'object') {
      this.#misbehave(reply, request, response);
      return;
    }
    await reply.after;
    response.writeHead(reply.status, reply.headers).end('{"name":"spaces/x"}');
  }

  #misbehave(reply: Extract<Reply, string>, request: IncomingMessage, response: ServerResponse): void {
    if (reply === 'silence') return;
    if (reply === 'cut') {
      request.socket.destroy();
      return;
    }
    response.writeHead(200, reply === 'flood' ? {} : { 'content-length': '100' });
    if (reply !== 'flood') {
      response.write('{', () => {
        if (reply === 'cut in the body') request.socket.destroy();
      });
      return;
    }
    const pour = (): void => {
      if (!response.destroyed) response.write('x'.repeat(16 * 1024), pour);
    };
    pour();
  }
}
