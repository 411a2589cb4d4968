import { ask } from './ask.ts';
import { sdp } from './scripted-sfu.ts';
import type { TestServer } from './server.ts';
import type { TestClient } from './test-client.ts';

/** An answer with its JSON parsed; text where it is none. */
export type SfuAnswer = { readonly status: number; readonly body: unknown };

const offer = (...mids: readonly string[]) => ({ type: 'offer', sdp: sdp(...mids) });

/** A track in the form in which clients tell the others of it, as the SFU's API takes it. */
export const remote = (path: string) => {
  const [sessionId, trackName] = path.split('/');
  return { location: 'remote', sessionId, trackName };
};

/** The requests of a client to the SFU's proxy, with one set of headers. */
export class SfuClient {
  readonly #server: TestServer;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(server: TestServer, headers: Readonly<Record<string, string>>) {
    this.#server = server;
    this.#headers = headers;
  }

  async send(method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown): Promise<SfuAnswer> {
    const answer = await ask(this.#server, path, {
      method,
      headers: { ...this.#headers, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: parsed(answer.body) };
  }

  /** Opens a session that the test cannot do without. */
  async open(): Promise<string> {
    const { status, body } = await this.send('POST', '/partytracks/sessions/new');
    if (status !== 201) throw new Error(`no session: ${status}`);
    return (body as { sessionId: string }).sessionId;
  }

  push(session: string, trackName: string, mid = '0'): Promise<SfuAnswer> {
    const tracks = [{ location: 'local', trackName, mid }];
    const body = { sessionDescription: offer(mid), tracks };
    return this.send('POST', `/partytracks/sessions/${session}/tracks/new`, body);
  }

  pull(session: string, path: string): Promise<SfuAnswer> {
    return this.send('POST', `/partytracks/sessions/${session}/tracks/new`, { tracks: [remote(path)] });
  }

  update(session: string, path: string): Promise<SfuAnswer> {
    const tracks = [{ ...remote(path), mid: '1' }];
    return this.send('PUT', `/partytracks/sessions/${session}/tracks/update`, { tracks });
  }
}

/** How each track of an answer fared: `ok`, or its error. */
export const outcomes = ({ body }: SfuAnswer): readonly string[] =>
  ((body as { tracks?: { errorCode?: string }[] }).tracks ?? []).map(({ errorCode }) => errorCode ?? 'ok');

/** Lets a user say that it sends audio by a session. */
export async function announce(client: TestClient, path: string): Promise<void> {
  const [transceiverSessionId] = path.split('/');
  const tracks = { audioEnabled: true, audio: path };
  const user = { joined: true, raisedHand: false, speaking: false, transceiverSessionId, tracks };
  client.send({ type: 'userUpdate', user });
  await client.settle();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
