import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { sdp } from './scripted-sfu.ts';

/** A part of a multipart body: its header lines as they came, and its bytes as text. */
export type Part = { readonly headers: readonly string[]; readonly content: string };

export type OpenAiRequest = {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Of a multipart body, by its boundary; empty for another. */
  readonly parts: readonly Part[];
};

export type OpenAiHandler = (request: OpenAiRequest, response: ServerResponse) => void;
export type OpenAiOperation = 'create' | 'hangup';

/** How an accepted call is told of, in place of the usual. */
export type Acceptance = {
  readonly status?: number;
  /** Without a value there is no such header. */
  readonly location?: (id: string) => string | undefined;
  readonly body?: string;
  readonly contentType?: string;
};

/** An error in the API's form. */
export const openAiError =
  (status: number, code: string, headers: Readonly<Record<string, string>> = {}): OpenAiHandler =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(
      JSON.stringify({ error: { message: 'secret words', type: 'invalid_request_error', param: '', code } }),
    );
  };

/** Ends the connection without an answer. */
export const cut = (_: unknown, response: ServerResponse): void => void response.destroy();

export const ANSWER_SDP = sdp('0');

/** OpenAI's Realtime calls on loopback, with an account of the calls that cost money. */
export class ScriptedOpenAi {
  readonly requests: OpenAiRequest[] = [];
  /** Ids of calls that were opened and not hung up. */
  readonly open = new Set<string>();
  readonly #server: Server;
  readonly #scripts = new Map<OpenAiOperation, OpenAiHandler[]>();
  readonly #watchers: (() => void)[] = [];
  #calls = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks);
        const { method = '', url: path = '', headers } = request;
        const seen = { method, path, headers, body, parts: partsOf(headers, body) };
        this.requests.push(seen);
        for (const watcher of this.#watchers.splice(0)) watcher();
        const operation = operationOf(seen);
        const usual = operation === 'create' ? this.accept() : this.usualHangUp;
        (this.#scripts.get(operation)?.shift() ?? usual)(seen, response);
      });
    });
  }

  /** Listens on a port of its own until the test ends. */
  static async start(): Promise<ScriptedOpenAi> {
    const openai = new ScriptedOpenAi();
    await new Promise<void>((resolve) => openai.#server.listen(0, '127.0.0.1', resolve));
    onTestFinished(
      () =>
        new Promise<void>((resolve) => {
          openai.#server.close(() => resolve());
          openai.#server.closeAllConnections();
        }),
    );
    return openai;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The settings of a server that uses it. */
  get environment(): Record<string, string> {
    return { OPENAI_API_TOKEN: 'sk-test', OPENAI_MODEL_ENDPOINT: `${this.url}/v1/realtime/calls` };
  }

  /** Scripts the next requests of an operation, one handler each. */
  next(operation: OpenAiOperation, ...handlers: readonly OpenAiHandler[]): void {
    this.#scripts.set(operation, [...(this.#scripts.get(operation) ?? []), ...handlers]);
  }

  /** What was asked of one operation so far. */
  of(operation: OpenAiOperation): readonly OpenAiRequest[] {
    return this.requests.filter((request) => operationOf(request) === operation);
  }

  /** Waits until an operation has been asked for so often. */
  async asked(operation: OpenAiOperation, times: number): Promise<readonly OpenAiRequest[]> {
    while (this.of(operation).length < times) {
      await new Promise<void>((resolve) => void this.#watchers.push(resolve));
    }
    return this.of(operation);
  }

  /** Opens a call and tells of it. */
  accept(how: Acceptance = {}): OpenAiHandler {
    return (_, response) => {
      const id = `rtc_${(this.#calls += 1)}`;
      this.open.add(id);
      const location = how.location === undefined ? `/v1/realtime/calls/${id}` : how.location(id);
      response.writeHead(how.status ?? 201, {
        'content-type': how.contentType ?? 'application/sdp',
        ...(location !== undefined && { location }),
      });
      response.end(how.body ?? ANSWER_SDP);
    };
  }

  /** Ends the call that the request names; one that is not there gets the API's 404. */
  readonly usualHangUp: OpenAiHandler = (request, response) => {
    if (!this.open.delete(callOf(request))) return openAiError(404, 'call_id_not_found')(request, response);
    response.writeHead(200).end();
  };

  /** Ends the call, and the answer never comes. */
  readonly lostHangUp: OpenAiHandler = (request, response) => {
    this.open.delete(callOf(request));
    response.destroy();
  };
}

const callOf = ({ path }: OpenAiRequest): string => path.split('/').at(-2) ?? '';

const operationOf = ({ path }: OpenAiRequest): OpenAiOperation =>
  path.endsWith('/hangup') ? 'hangup' : 'create';

/** Reads a multipart body strictly: what does not stand between delimiters is no part. */
function partsOf(headers: IncomingHttpHeaders, body: Buffer): Part[] {
  const boundary = /boundary=([^;]+)/.exec(headers['content-type'] ?? '')?.[1];
  if (boundary === undefined) return [];
  const pieces = `\r\n${body.toString('utf8')}`.split(`\r\n--${boundary}`);
  return pieces.slice(1, -1).map((piece) => {
    const end = piece.indexOf('\r\n\r\n');
    return { headers: piece.slice(2, end).split('\r\n'), content: piece.slice(end + 4) };
  });
}
