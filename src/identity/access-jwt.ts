import { createRemoteJWKSet, errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Clock } from '../clock.ts';

/** Where a team's public keys are: developers.cloudflare.com/cloudflare-one, "Validate JWTs". */
const CERTS_PATH = '/cdn-cgi/access/certs';
const FETCH_TIMEOUT_MS = 5_000;
/** Access rotates its keys every six weeks and signs with either for seven days. An unknown key id asks, twice a minute. */
const CACHE_MS = 10 * 60_000;

/** Codes of jose that say that the keys, and not the token, are at fault. */
const NO_KEYS: ReadonlySet<string> = new Set(['ERR_JOSE_GENERIC', 'ERR_JWKS_INVALID', 'ERR_JWKS_TIMEOUT']);

/** How long it is remembered that a token is false. */
const FALSE_FOR_MS = 10_000;
const MAX_REMEMBERED = 10_000;

/** People have an e-mail address, service tokens the name they were given. */
const claimsSchema = z.union([
  z.object({ email: z.string().min(3).max(254) }).transform(({ email }) => email),
  z.object({ common_name: z.string().min(1).max(254) }).transform(({ common_name }) => common_name),
]);

export type AccessSettings = {
  /** The team's origin, as `https://example.cloudflareaccess.com`: the issuer, and where its keys are. */
  readonly teamOrigin: string;
  /** Application audience tags; one of them must be in the token. */
  readonly audiences: readonly string[];
};

/** What a token has been found to be: whose, or nobody's; for a while. */
type Verdict = { readonly person: string | undefined; readonly until: number };

/**
 * Verifies the `Cf-Access-Jwt-Assertion` that Cloudflare Access adds to every request it lets through. A browser sends the
 * same one for as long as it is valid, so what was found out is remembered: a WebSocket's handshake cannot wait for it.
 */
export class AccessJwt {
  readonly #settings: AccessSettings;
  readonly #keys: JWTVerifyGetKey;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #log: Logger;
  readonly #verdicts = new Map<string, Verdict>();

  constructor(settings: AccessSettings, clock: Pick<Clock, 'now'>, log: Logger) {
    this.#settings = settings;
    this.#clock = clock;
    this.#log = log;
    this.#keys = createRemoteJWKSet(new URL(CERTS_PATH, settings.teamOrigin), {
      timeoutDuration: FETCH_TIMEOUT_MS,
      cacheMaxAge: CACHE_MS,
    });
  }

  /** What is known of a token without asking anybody. */
  remembered(token: string): Pick<Verdict, 'person'> | undefined {
    const verdict = this.#verdicts.get(token);
    return verdict !== undefined && this.#clock.now() < verdict.until ? verdict : undefined;
  }

  /** Whom the token names; nothing when it is not genuine, or not for this application, or cannot be checked now. */
  async verify(token: string): Promise<string | undefined> {
    const known = this.remembered(token);
    if (known !== undefined) return known.person;
    try {
      const { payload } = await jwtVerify(token, this.#keys, {
        algorithms: ['RS256', 'ES256'],
        issuer: this.#settings.teamOrigin,
        audience: [...this.#settings.audiences],
        requiredClaims: ['exp'],
        currentDate: new Date(this.#clock.now()),
      });
      const person = claimsSchema.parse(payload);
      this.#remember(token, { person, until: (payload.exp ?? 0) * 1_000 });
      return person;
    } catch (error) {
      if (isNobodys(error)) {
        this.#remember(token, { person: undefined, until: this.#clock.now() + FALSE_FOR_MS });
      } else {
        // A false token is somebody's business elsewhere; that there are no keys is the operator's.
        this.#log.warn({ err: error }, 'Access keys cannot be had');
      }
      return undefined;
    }
  }

  #remember(token: string, verdict: Verdict): void {
    this.#verdicts.set(token, verdict);
    if (this.#verdicts.size <= MAX_REMEMBERED) return;
    for (const oldest of this.#verdicts.keys()) {
      this.#verdicts.delete(oldest);
      return;
    }
  }
}

const isNobodys = (error: unknown): boolean =>
  error instanceof z.ZodError || (error instanceof errors.JOSEError && !NO_KEYS.has(error.code));
