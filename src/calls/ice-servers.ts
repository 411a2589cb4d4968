import type { Logger } from 'pino';
import { Pool } from 'undici';
import { z } from 'zod';
import type { Clock } from '../clock.ts';

/** What an `RTCPeerConnection` takes. */
export type IceServers = { readonly iceServers: readonly IceServer[] };

const iceServerSchema = z.object({
  urls: z
    .union([z.string(), z.array(z.string())])
    .transform((urls) => (typeof urls === 'string' ? [urls] : urls)),
  username: z.string().optional(),
  credential: z.string().optional(),
});
export type IceServer = z.output<typeof iceServerSchema>;

/** The older API answers one object in place of the list. */
const replySchema = z.object({
  iceServers: z
    .union([iceServerSchema, z.array(iceServerSchema)])
    .transform((servers) => (Array.isArray(servers) ? servers : [servers])),
});

/** Works without an account; what everybody gets when there are no credentials to be had. */
export const STUN_ONLY: IceServers = { iceServers: [{ urls: ['stun:stun.cloudflare.com:3478'] }] };

/** For an SFU that clients reach directly: it needs nobody's help, and works without the internet. */
export const NO_ICE_SERVERS: IceServers = { iceServers: [] };

/** Browsers block port 53, and waste a candidate's time on it. */
const BLOCKED_PORT = /:53(?:\?|$)/;

const TIMEOUT_MS = 10_000;
const MAX_REPLY_BYTES = 64 * 1024;
const MAX_REMEMBERED = 10_000;

export type TurnSettings = {
  readonly apiUrl: string;
  readonly keyId: string;
  readonly keyToken: string;
  readonly ttlSeconds: number;
};

type Issued = { readonly servers: IceServers; readonly renewAt: number };

/**
 * TURN credentials from Cloudflare, one set per login and half a life: whoever asks again gets the same, so that asking
 * often neither costs the account nor gathers credentials. Source: developers.cloudflare.com/realtime/turn.
 */
export class TurnServers {
  readonly #settings: TurnSettings;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #log: Logger;
  readonly #pool: Pool;
  readonly #issued = new Map<string, Promise<Issued>>();

  constructor(settings: TurnSettings, clock: Pick<Clock, 'now'>, log: Logger) {
    this.#settings = settings;
    this.#clock = clock;
    this.#log = log;
    this.#pool = new Pool(new URL(settings.apiUrl).origin, {
      connections: 8,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      maxResponseSize: MAX_REPLY_BYTES,
    });
  }

  /** The login's credentials if it has some that last, without asking anybody. */
  async remembered(owner: string): Promise<IceServers | undefined> {
    const issued = await this.#issued.get(owner)?.catch(() => undefined);
    return issued !== undefined && this.#clock.now() < issued.renewAt ? issued.servers : undefined;
  }

  /** New credentials for the login; STUN alone when there are none to be had. */
  async issue(owner: string): Promise<IceServers> {
    const issuing = this.#request();
    this.#issued.delete(owner);
    this.#issued.set(owner, issuing);
    if (this.#issued.size > MAX_REMEMBERED) this.#forgetOldest();
    try {
      return (await issuing).servers;
    } catch (error) {
      this.#issued.delete(owner);
      this.#log.warn({ err: error }, 'no TURN credentials, STUN only');
      return STUN_ONLY;
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #request(): Promise<Issued> {
    const { apiUrl, keyId, keyToken, ttlSeconds } = this.#settings;
    const { pathname } = new URL(apiUrl);
    const base = pathname.replace(/\/+$/, '');
    const { statusCode, body } = await this.#pool.request({
      method: 'POST',
      path: `${base}/turn/keys/${encodeURIComponent(keyId)}/credentials/generate-ice-servers`,
      headers: { authorization: `Bearer ${keyToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ttl: ttlSeconds }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await body.text();
    if (statusCode !== 201 && statusCode !== 200) throw new Error(`TURN credentials: HTTP ${statusCode}`);
    const { iceServers } = replySchema.parse(JSON.parse(text));
    const usable = iceServers.map(withoutBlocked).filter(({ urls }) => urls.length > 0);
    if (usable.length === 0) throw new Error('TURN credentials: no servers');
    return {
      servers: { iceServers: usable },
      renewAt: this.#clock.now() + (ttlSeconds * 1_000) / 2,
    };
  }

  #forgetOldest(): void {
    for (const owner of this.#issued.keys()) {
      this.#issued.delete(owner);
      return;
    }
  }
}

const withoutBlocked = (server: IceServer): IceServer => ({
  ...server,
  urls: server.urls.filter((url) => !BLOCKED_PORT.test(url)),
});
