import { request as httpRequest, type IncomingMessage } from 'node:http';
import { onTestFinished } from 'vitest';
import { until } from './until.ts';

export type ServerSentEvent = { readonly event: string; readonly data: unknown };

/** A reader of server-sent events by hand, which reads only when the test says so. */
export class EventStream {
  readonly events: ServerSentEvent[] = [];
  readonly #response: IncomingMessage;
  #text = '';
  #ended = false;

  private constructor(response: IncomingMessage) {
    this.#response = response;
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.#receive(text));
    response.on('close', () => (this.#ended = true));
    response.on('error', () => {});
  }

  static open(port: number, path: string, headers: Record<string, string> = {}): Promise<EventStream> {
    return new Promise((resolve, reject) => {
      const request = httpRequest({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
        if (response.statusCode !== 200) {
          response.resume();
          reject(new Error(`HTTP ${response.statusCode}`));
        } else resolve(new EventStream(response));
      });
      request.on('error', reject);
      request.end();
      onTestFinished(() => void request.destroy());
    });
  }

  /** Reads nothing until `resume`. */
  pause(): void {
    this.#response.pause();
  }

  resume(): void {
    this.#response.resume();
  }

  close(): void {
    this.#response.destroy();
  }

  get isOver(): boolean {
    return this.#ended;
  }

  until(isSo: (events: readonly ServerSentEvent[]) => boolean): Promise<void> {
    return until(() => isSo(this.events));
  }

  #receive(text: string): void {
    const blocks = (this.#text + text).split('\n\n');
    this.#text = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      if (event !== undefined && data !== undefined)
        this.events.push({ event, data: JSON.parse(data) as unknown });
    }
  }
}
