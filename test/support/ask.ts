import { request, type Dispatcher } from 'undici';

export type Answer = {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
};
export type AskOptions = Partial<Dispatcher.RequestOptions>;

/** One HTTP request to a server on loopback; `Origin` and `Host` are as given, which `fetch` does not allow. */
export async function ask(
  server: { readonly url: string },
  path: string,
  options: AskOptions = {},
): Promise<Answer> {
  const { statusCode, headers, body } = await request(`${server.url}${path}`, { method: 'GET', ...options });
  return { status: statusCode, headers, body: await body.text() };
}

/** The lines of `Set-Cookie`. */
export function setCookies({ headers }: Answer): readonly string[] {
  const lines = headers['set-cookie'] ?? [];
  return typeof lines === 'string' ? [lines] : lines;
}

/** A browser's cookies of one site, as far as names and values go: a cookie replaces one of its name. */
export class CookieJar {
  readonly #values = new Map<string, string>();

  keep(answer: Answer): void {
    for (const line of setCookies(answer)) {
      const [pair = ''] = line.split(';');
      const [name = '', value = ''] = pair.split('=', 2);
      this.#values.set(name, value);
    }
  }

  get header(): { readonly cookie: string } {
    return { cookie: [...this.#values].map(([name, value]) => `${name}=${value}`).join('; ') };
  }
}

/** The one form of the server's refusals. */
export const problem = (code: string, message: string) => ({ error: { code, message } });
