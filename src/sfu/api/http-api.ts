import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { ApiError } from './api-errors.ts';
import type { ApiReply, Operations } from './operations.ts';
import { readJson } from './request-body.ts';

export type HttpApiSettings = {
  readonly appId: string;
  readonly appSecret: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly maxBodyBytes: number;
};

/** Nobody else has a reason to ask: the proxy in front of it runs on the same machine. */
const HOST = '127.0.0.1';
/** With the version in front, as it is documented, and without, as older clients have it. */
const PATH = /^(?:\/v1)?\/apps\/([^/]+)\/(.+)$/;
/** Longer than those who ask keep theirs, so that no request meets a connection that is being closed. */
const KEEP_ALIVE_MS = 65_000;
const REQUEST_MS = 15_000;

/** The SFU's API over HTTP on loopback, as Cloudflare's is over HTTPS. */
export class HttpApi {
  readonly #settings: HttpApiSettings;
  readonly #operations: Operations;
  readonly #log: Logger;
  readonly #server: Server;

  constructor(settings: HttpApiSettings, operations: Operations, log: Logger) {
    this.#settings = settings;
    this.#operations = operations;
    this.#log = log;
    this.#server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: REQUEST_MS });
    this.#server.on('request', (request, response) => void this.#serve(request, response));
  }

  /** Resolves with the port; rejects when it is taken. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#settings.port, HOST, () => {
        this.#server.off('error', reject);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /** Ends all connections, idle ones and those that wait for an answer. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let reply: ApiReply;
    try {
      reply = await this.#answer(request);
    } catch (error) {
      reply = this.#failure(error);
    }
    const text = JSON.stringify(reply.body);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    // What is left of a body that was refused would be taken for the next request.
    const isOver = request.complete || reply.status < 400;
    response.writeHead(reply.status, isOver ? headers : { ...headers, connection: 'close' });
    response.end(text);
  }

  #answer(request: IncomingMessage): Promise<ApiReply> {
    const { appId, appSecret, maxBodyBytes } = this.#settings;
    const { method = '', url = '', headers } = request;
    const [pathname = '', query = ''] = url.split('?', 2);
    const [, app, path] = PATH.exec(pathname) ?? [];
    if (path === undefined) throw new ApiError('not_found');
    if (app !== appId) throw new ApiError('app_not_found');
    if (!isSame(headers.authorization ?? '', `Bearer ${appSecret}`)) throw new ApiError('unauthorized');
    return this.#operations.carryOut({
      method,
      path,
      query: new URLSearchParams(query),
      readBody: () => readJson(request, maxBodyBytes),
    });
  }

  #failure(error: unknown): ApiReply {
    if (error instanceof ApiError) return { status: error.status, body: error.fields };
    this.#log.error({ err: error }, 'SFU request failed');
    const { status, fields } = new ApiError('internal_error');
    return { status, body: fields };
  }
}

/** In a time that says nothing of where they differ. */
const isSame = (given: string, expected: string): boolean => timingSafeEqual(hash(given), hash(expected));

const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
