import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type JWK, type JWTPayload } from 'jose';
import { onTestFinished } from 'vitest';

export const AUDIENCE = 'aud-of-the-application';

type Signing = {
  /** The key that the token names. */
  readonly kid?: string;
  /** The key that really signs. */
  readonly by?: string;
  readonly alg?: 'RS256' | 'HS256';
  /** A secret in place of a key. */
  readonly secret?: Uint8Array;
};

/** A Cloudflare Access team on loopback: it signs assertions and publishes its keys where Access does. */
export class AccessTeam {
  /** How often the keys were asked for. */
  fetches = 0;
  /** In place of the keys. */
  reply: { readonly status: number; readonly body: string } | undefined = undefined;
  readonly #server: Server;
  readonly #private = new Map<string, CryptoKey>();
  readonly #published: JWK[] = [];
  #spki = '';

  private constructor() {
    this.#server = createServer((request, response) => {
      this.fetches += 1;
      const found = request.url === '/cdn-cgi/access/certs';
      const { status, body } = this.reply ?? { status: 200, body: JSON.stringify({ keys: this.#published }) };
      response.writeHead(found ? status : 404, { 'content-type': 'application/json' }).end(body);
    });
  }

  /** With one key, `k1`, until the test ends. */
  static async start(): Promise<AccessTeam> {
    const team = new AccessTeam();
    await team.addKey('k1');
    await new Promise<void>((resolve) => team.#server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => team.stop());
    return team;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get environment(): Record<string, string> {
    return { ACCESS_TEAM_DOMAIN: this.url, ACCESS_AUD: AUDIENCE };
  }

  /** Everybody can have it: the worst secret there is. */
  get publicKeyText(): Uint8Array {
    return new TextEncoder().encode(this.#spki);
  }

  /** @param published - false for a key that only looks like one of the team's */
  async addKey(kid: string, published = true): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
    this.#private.set(kid, privateKey);
    if (!published) return;
    this.#published.push({ ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' });
    this.#spki = await exportSPKI(publicKey);
  }

  /** Signs anything, by `k1` unless told otherwise. */
  sign(claims: JWTPayload, { kid = 'k1', by = kid, alg = 'RS256', secret }: Signing = {}): Promise<string> {
    const key = secret ?? this.#private.get(by);
    if (key === undefined) throw new Error(`no key ${by}`);
    return new SignJWT(claims).setProtectedHeader({ alg, kid, typ: 'JWT' }).sign(key);
  }

  /** Nobody can be asked for the keys any more. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}
