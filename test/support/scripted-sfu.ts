import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export const APP_ID = 'lab-app-id';
export const APP_SECRET = 'lab-app-secret';

/** A minimal description that passes for real: one audio m-line with ICE and DTLS for each mid. */
export const sdp = (...mids: readonly string[]): string =>
  [
    'v=0',
    'o=- 1 2 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    `a=group:BUNDLE ${mids.join(' ')}`,
    ...mids.flatMap((mid) => [
      'm=audio 9 UDP/TLS/RTP/SAVPF 111',
      'c=IN IP4 0.0.0.0',
      'a=ice-ufrag:abcd',
      'a=ice-pwd:abcdefghijklmnopqrstuvwx',
      `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => 'AB').join(':')}`,
      'a=setup:actpass',
      `a=mid:${mid}`,
      'a=sendrecv',
      'a=rtpmap:111 opus/48000/2',
    ]),
    '',
  ].join('\r\n');

export type SfuRequest = {
  readonly method: string;
  readonly path: string;
  /** With its question mark; empty without. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

/** Answers a request in any way it likes, or not at all. */
export type SfuHandler = (request: SfuRequest, response: ServerResponse) => void;

/** An answer in JSON. */
export const answer =
  (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): SfuHandler =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };

type Track = {
  location: string;
  trackName: string;
  mid?: string;
  sessionId?: string;
  bidirectionalMediaStream?: boolean;
};

/**
 * The SFU's API on loopback: it answers as the real one does where all goes well, unless a test scripts an operation
 * otherwise. Its port is also the TURN API's.
 */
export class ScriptedSfu {
  readonly requests: SfuRequest[] = [];
  /** What is published, as `<session>/<mid>`, each with its name; scripted answers leave it as it is. */
  readonly open = new Map<string, string>();
  readonly #server: Server;
  readonly #scripts = new Map<string, SfuHandler[]>();
  readonly #watchers: (() => void)[] = [];
  readonly #unscripted: SfuHandler | undefined;
  #sessions = 0;
  #mids = 100;

  private constructor(unscripted?: SfuHandler) {
    this.#unscripted = unscripted;
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const url = new URL(request.url ?? '', 'http://sfu');
        const seen: SfuRequest = {
          method: request.method ?? '',
          path: url.pathname,
          query: url.search,
          headers: request.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        };
        this.requests.push(seen);
        for (const watcher of this.#watchers.splice(0)) watcher();
        this.#handlerOf(seen)(seen, response);
      });
    });
  }

  /**
   * Listens on a port of its own until the test ends.
   *
   * @param unscripted - answers in place of the built-in SFU what is not scripted
   */
  static async start(unscripted?: SfuHandler): Promise<ScriptedSfu> {
    const sfu = new ScriptedSfu(unscripted);
    await new Promise<void>((resolve) => sfu.#server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => sfu.stop());
    return sfu;
  }

  /** Listens no more; whoever asks then is refused by the port. */
  stop(): Promise<void> {
    return new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The settings of a server that uses it. */
  get environment(): Record<string, string> {
    return { CALLS_APP_ID: APP_ID, CALLS_APP_SECRET: APP_SECRET, CALLS_API_URL: `${this.url}/v1` };
  }

  /**
   * Scripts the next requests of an operation (`sessions/new`, `tracks/new`, `renegotiate`, `tracks/close`,
   * `tracks/update`, `session`, `generate-ice-servers`), one handler each.
   */
  next(operation: string, ...handlers: readonly SfuHandler[]): void {
    this.#scripts.set(operation, [...(this.#scripts.get(operation) ?? []), ...handlers]);
  }

  /** What was asked of one operation so far. */
  of(operation: string): readonly SfuRequest[] {
    return this.requests.filter((request) => operationOf(request) === operation);
  }

  /** Waits until an operation has been asked for so often. */
  async asked(operation: string, times: number): Promise<readonly SfuRequest[]> {
    while (this.of(operation).length < times) {
      await new Promise<void>((resolve) => void this.#watchers.push(resolve));
    }
    return this.of(operation);
  }

  /** Answers as the SFU does where all goes well. */
  readonly usual: SfuHandler = (request, response) =>
    this.#usual(operationOf(request), request)(request, response);

  #handlerOf(request: SfuRequest): SfuHandler {
    const operation = operationOf(request);
    const scripted = this.#scripts.get(operation)?.shift();
    return scripted ?? this.#unscripted ?? this.usual;
  }

  #usual(operation: string, { path, body }: SfuRequest): SfuHandler {
    const { tracks = [] } = (body === '' ? {} : JSON.parse(body)) as { tracks?: Track[] };
    const session = /\/sessions\/([^/]+)/.exec(path)?.[1] ?? '';
    switch (operation) {
      case 'sessions/new':
        return answer(201, { sessionId: `session-${(this.#sessions += 1)}` });
      case 'tracks/new':
        if (tracks[0]?.bidirectionalMediaStream === true && !body.includes('"sessionDescription"'))
          return this.#offered(session, tracks);
        if (tracks[0]?.mid?.startsWith('#') === true) return this.#fed(session, tracks);
        return tracks[0]?.location === 'local' ? this.#published(session, tracks) : this.#pulled(tracks);
      case 'tracks/close':
        for (const { mid = '' } of tracks) this.open.delete(`${session}/${mid}`);
        return answer(200, {
          requiresImmediateRenegotiation: false,
          tracks: tracks.map(({ mid }) => ({ mid })),
          ...(body.includes('"sessionDescription"') && {
            sessionDescription: { type: 'answer', sdp: sdp(...tracks.map(({ mid = '' }) => mid)) },
          }),
        });
      case 'generate-ice-servers':
        return answer(201, { iceServers: [{ urls: ['stun:stun.example:3478'] }] });
      default:
        return answer(200, {});
    }
  }

  /** Publications whose offer the SFU makes, each sent and received by one m-line. */
  #offered(session: string, tracks: readonly Track[]): SfuHandler {
    const placed = tracks.map(({ trackName }) => ({ trackName, mid: String((this.#mids += 1)) }));
    for (const { trackName, mid } of placed) this.open.set(`${session}/${mid}`, trackName);
    return answer(200, {
      requiresImmediateRenegotiation: true,
      tracks: placed,
      sessionDescription: { type: 'offer', sdp: sdp(...placed.map(({ mid }) => mid)) },
    });
  }

  /** Publications put onto m-lines of the session that carry the named tracks already. */
  #fed(session: string, tracks: readonly Track[]): SfuHandler {
    const placed = tracks.map(({ sessionId, trackName, mid: name = '' }) => {
      const [key] =
        [...this.open].find(([of, is]) => of.startsWith(`${session}/`) && `#${is}` === name) ?? [];
      const mid = key?.split('/')[1];
      return {
        sessionId,
        trackName,
        ...(mid === undefined ? { errorCode: 'not_found_track_error' } : { mid }),
      };
    });
    return answer(200, { requiresImmediateRenegotiation: false, tracks: placed });
  }

  #published(session: string, tracks: readonly Track[]): SfuHandler {
    for (const { trackName, mid = '' } of tracks) this.open.set(`${session}/${mid}`, trackName);
    return answer(200, {
      requiresImmediateRenegotiation: false,
      tracks: tracks.map(({ trackName, mid }) => ({ trackName, mid })),
      sessionDescription: { type: 'answer', sdp: sdp(...tracks.map(({ mid = '' }) => mid)) },
    });
  }

  #pulled(tracks: readonly Track[]): SfuHandler {
    const placed = tracks.map(({ sessionId, trackName }) => ({
      sessionId,
      trackName,
      mid: String((this.#mids += 1)),
    }));
    return answer(200, {
      requiresImmediateRenegotiation: true,
      tracks: placed,
      sessionDescription: { type: 'offer', sdp: sdp(...placed.map(({ mid }) => mid)) },
    });
  }
}

/** The operation's name, as {@link ScriptedSfu.next} takes it. */
export function operationOf({ path }: SfuRequest): string {
  const rest = path.replace(/^\/v1\/(?:apps\/[^/]+|turn\/keys\/[^/]+\/credentials)\//, '');
  if (rest === 'sessions/new' || rest === 'generate-ice-servers') return rest;
  return rest.replace(/^sessions\/[^/]+\/?/, '') || 'session';
}
