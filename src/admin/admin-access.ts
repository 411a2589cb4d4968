import { createHmac, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { errorResponse, redirect } from '../gateway/http-response.ts';
import { readForm } from '../gateway/request-body.ts';
import type { Handler, Methods, Request, Router } from '../gateway/request.ts';
import { RequestLimits } from '../request-limits.ts';

export type AdminAccessSettings = {
  /** Empty: whoever reaches the port from this machine is an operator. */
  readonly token: string;
  /** Where the port listens. */
  readonly host: string;
};

/** Of one address: a token is typed once. Whoever guesses keeps nobody else out. */
const LOGINS = { burst: 20, refillMs: 3_000 };

const COOKIE = '__satsuma_admin';
const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Who may use the admin port, beside its health. [L5] */
export class AdminAccess {
  readonly #token: string;
  readonly #isLocal: boolean;
  readonly #logins: RequestLimits;
  readonly #log: Logger;

  constructor({ token, host }: AdminAccessSettings, clock: Pick<Clock, 'now'>, log: Logger) {
    this.#logins = new RequestLimits(LOGINS, clock);
    this.#log = log;
    this.#token = token;
    this.#isLocal = isLoopback(host);
  }

  /** Nobody can get in: the port is open to others, and there is no token. */
  get isShut(): boolean {
    return this.#token === '' && !this.#isLocal;
  }

  /** The same routes, for operators. */
  guard(router: Router): Router {
    return (path) => {
      const methods = router(path);
      if (methods === undefined) return undefined;
      const guarded = Object.entries(methods).map(([method, route]) => {
        const handle: Handler = (request) => {
          const refusal = this.#refusalOf(request);
          return refusal === undefined ? route.handle(request) : refusal;
        };
        return [method, { ...route, handle }];
      });
      return Object.fromEntries(guarded) as Methods;
    };
  }

  /** `POST /login` with the form field `token`: for people, whose browsers send no `Authorization`. */
  readonly login: Handler = async (request) => {
    const form = await readForm(request);
    if (!this.#logins.take(request.forwarding.address)) return errorResponse('too_many_requests');
    if (!same(form.get('token') ?? '', this.#token)) {
      this.#log.warn({ address: request.forwarding.address }, 'wrong admin token');
      return this.#askForToken(request);
    }
    const cookie = stringifySetCookie({
      name: COOKIE,
      value: this.#session(),
      httpOnly: true,
      sameSite: 'strict',
      secure: request.forwarding.secure,
      path: '/',
    });
    return redirect('/', { 'set-cookie': cookie });
  };

  #refusalOf(request: Request): ReturnType<typeof errorResponse> | undefined {
    if (isFromElsewhere(request)) return errorResponse('forbidden_origin');
    if (this.#token !== '') return this.#isOperator(request) ? undefined : this.#askForToken(request);
    if (!this.#isLocal) return errorResponse('not_allowed');
    // A page elsewhere may have its own name point to this machine, and would then read what is here as its own.
    const name = (request.header('host') || '').replace(/:\d+$/, '');
    return LOOPBACK_NAMES.has(name) ? undefined : errorResponse('misdirected');
  }

  #isOperator({ header }: Request): boolean {
    const [, bearer] = /^Bearer (.+)$/i.exec(header('authorization')) ?? [];
    if (bearer !== undefined) return same(bearer, this.#token);
    return same(parseCookie(header('cookie'))[COOKIE] ?? '', this.#session());
  }

  #askForToken({ header }: Request): ReturnType<typeof errorResponse> {
    return header('accept').includes('text/html')
      ? redirect('/login')
      : errorResponse('admin_token_required', { 'www-authenticate': 'Bearer' });
  }

  /** What a browser keeps in place of the token. */
  #session(): string {
    return createHmac('sha256', this.#token).update('admin session').digest('base64url');
  }
}

/** A page of another site may load what it cannot read; only following a link from there is fine. */
const isFromElsewhere = ({ header }: Request): boolean =>
  ['cross-site', 'same-site'].includes(header('sec-fetch-site')) &&
  !(header('sec-fetch-mode') === 'navigate' && header('sec-fetch-dest') === 'document');

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

function same(a: string, b: string): boolean {
  const [one, other] = [a, b].map((text) => createHmac('sha256', 'compare').update(text).digest());
  return one !== undefined && other !== undefined && b !== '' && timingSafeEqual(one, other);
}
