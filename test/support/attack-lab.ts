import { exchange, rawRequest } from './raw-http.ts';
import { ScriptedSfu, type SfuRequest } from './scripted-sfu.ts';
import { loginCookie, startServer, type TestServer } from './server.ts';
import { announce, SfuClient } from './sfu-client.ts';
import type { TestClient } from './test-client.ts';

/** The SFU sessions of the two. */
export const HERS = 'session-1';
export const MINE = 'session-2';

/**
 * A server on which Vic meets in the room `private`, sending a microphone by {@link HERS}, and Mallory, who has a login
 * like anybody and the session {@link MINE}, is alone in the room `elsewhere`.
 */
export class AttackLab {
  readonly server: TestServer;
  readonly sfu: ScriptedSfu;
  readonly vic: SfuClient;
  readonly mallory: SfuClient;
  readonly vicSocket: TestClient;
  readonly mallorySocket: TestClient;
  readonly cookie = loginCookie('mallory');
  readonly #before: number;

  private constructor(
    parts: Pick<AttackLab, 'server' | 'sfu' | 'vic' | 'mallory' | 'vicSocket' | 'mallorySocket'>,
  ) {
    this.server = parts.server;
    this.sfu = parts.sfu;
    this.vic = parts.vic;
    this.mallory = parts.mallory;
    this.vicSocket = parts.vicSocket;
    this.mallorySocket = parts.mallorySocket;
    this.#before = parts.sfu.requests.length;
  }

  static async open(environment: Record<string, string> = {}): Promise<AttackLab> {
    const sfu = await ScriptedSfu.start();
    const server = await startServer({ ...sfu.environment, ...environment });
    const vic = new SfuClient(server, { cookie: loginCookie('vic') });
    const mallory = new SfuClient(server, { cookie: loginCookie('mallory') });
    await vic.push(await vic.open(), 'mic');
    const vicSocket = await server.connect({ id: 'vic', name: 'vic', room: 'private' });
    await announce(vicSocket, `${HERS}/mic`);
    await mallory.open();
    const mallorySocket = await server.connect({ id: 'mallory', name: 'mallory', room: 'elsewhere' });
    await mallorySocket.settle();
    return new AttackLab({ server, sfu, vic, mallory, vicSocket, mallorySocket });
  }

  /** What has reached the SFU since the attack began. */
  get reached(): readonly SfuRequest[] {
    return this.sfu.requests.slice(this.#before);
  }

  /** Sends a request as Mallory, byte for byte; gives the status of the answer. */
  async raw(
    method: string,
    target: string,
    headers: Readonly<Record<string, string>> = {},
    body = '',
  ): Promise<number | 'ended'> {
    const bytes = rawRequest(method, target, { Cookie: this.cookie, ...headers }, body);
    const answer = await exchange(this.server.port, bytes);
    return answer === 'ended' ? answer : answer.status;
  }
}
