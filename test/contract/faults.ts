import type { ServerResponse } from 'node:http';
import type { SfuHandler } from '../support/scripted-sfu.ts';

/** Stands in every answer of a misbehaving SFU, in its headers and where no client may see it; it must not get out. */
export const MARKER = 'words-of-the-upstream';

const MARKED_HEADERS = {
  server: MARKER,
  'set-cookie': `upstream=${MARKER}; Path=/`,
  'x-upstream': MARKER,
  'access-control-allow-origin': `https://${MARKER}`,
};

/** An answer of any bytes. */
export const say =
  (status: number, text: string, headers: Readonly<Record<string, string>> = {}): SfuHandler =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...MARKED_HEADERS, ...headers });
    response.end(text);
  };

/** A JSON object, with more in it than the API knows. */
export const sayJson = (status: number, body: object): SfuHandler =>
  say(status, JSON.stringify({ ...body, internal: { trace: MARKER } }));

export const reset: SfuHandler = (_, response) => void response.socket?.resetAndDestroy();

const LARGE = JSON.stringify({ sessionId: 'large', padding: MARKER.repeat(60_000) });

const inChunks: SfuHandler = (_, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write(LARGE.slice(0, LARGE.length / 2));
  response.end(LARGE.slice(LARGE.length / 2));
};

const cutBody: SfuHandler = (_, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
  response.write(`{"sessionId":"${MARKER}`, () => response.socket?.destroy());
};

const notHttp: SfuHandler = (_, response) => void response.socket?.end(`${MARKER}\r\n\r\n`);

/** Answers that are none: whatever the operation, nobody knows what came of it. */
export const NO_ANSWERS: Readonly<Record<string, SfuHandler>> = {
  'text in a 200': say(200, MARKER),
  'text in a 500': say(500, MARKER),
  'HTML in a 200': say(200, `<html>${MARKER}</html>`, { 'content-type': 'text/html' }),
  'HTML in a 502': say(502, `<html>${MARKER}</html>`, { 'content-type': 'text/html' }),
  'an empty 200': say(200, ''),
  'an empty 204': say(204, ''),
  'a JSON array': say(200, `["${MARKER}"]`),
  'a JSON string': say(200, `"${MARKER}"`),
  'a JSON number': say(200, '7'),
  'a JSON null': say(200, 'null'),
  'half a JSON object': say(200, `{"sessionId":"${MARKER}"`),
  'a redirect': say(302, '{"sessionId":"elsewhere"}', { location: `https://${MARKER}/` }),
  'a redirect that keeps the method': say(307, '', { location: `https://${MARKER}/` }),
  'not modified': say(304, ''),
  'more than a megabyte': say(200, LARGE),
  'more than a megabyte in chunks': inChunks,
  'a body that is cut': cutBody,
  'a connection that is reset': reset,
  'what is not HTTP': notHttp,
};

const TRICKLE_MS = 5;

/** Writes on and on, too slowly for anybody to wait for the end; a body timeout never sees it stand still. */
const trickle: SfuHandler = (_, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), TRICKLE_MS);
  response.on('close', () => clearInterval(timer));
};

const stall: SfuHandler = (_, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"sessionId":');
};

/** Answers that do not come to an end. */
export const SLOW_ANSWERS: Readonly<Record<string, SfuHandler>> = {
  silence: () => {},
  'a body that stops': stall,
  'a body that trickles': trickle,
};

/** Holds an answer back until it is let go. */
export class Held {
  readonly handler: SfuHandler;
  readonly #responses: (() => void)[] = [];

  constructor(then: SfuHandler) {
    this.handler = (request, response: ServerResponse) =>
      void this.#responses.push(() => then(request, response));
  }

  /** Lets the oldest answer go that is held. */
  release(): void {
    this.#responses.shift()?.();
  }
}
