import type { KeyStyle, OpenAiSettings } from './openai-api.ts';

/** Where calls are made; a base is recognised with and without it. */
const CALLS_PATH = '/realtime/calls';
/** The beta's address, which the original was configured with. It answers 400 since 2026-05-12. */
const BETA_PATH = '/realtime';

/** Last days of models that OpenAI has announced the end of. Source: its page of deprecations, 2026-11-21. */
const SHUTDOWN_DATES: Readonly<Record<string, string>> = {
  'gpt-realtime': '2027-01-20',
  'gpt-realtime-2025-08-28': '2027-01-20',
  'gpt-realtime-mini': '2027-01-20',
  'gpt-realtime-mini-2025-12-15': '2027-01-20',
  'gpt-realtime-mini-2025-10-06': '2026-07-23',
  'gpt-4o-realtime-preview': '2026-05-07',
  'gpt-4o-realtime-preview-2024-10-01': '2025-10-10',
};

/** What an endpoint stands for, and what is to be said about it to whoever set it. */
export function readEndpoint(
  endpoint: string,
  token: string,
): { readonly settings: OpenAiSettings; readonly warning: string | undefined } {
  const url = new URL(endpoint);
  const path = url.pathname.replace(/\/+$/, '');
  const isBeta = path.endsWith(BETA_PATH);
  const base = [CALLS_PATH, BETA_PATH].reduce(
    (rest, end) => (rest.endsWith(end) ? rest.slice(0, -end.length) : rest),
    path,
  );
  return {
    settings: { baseUrl: `${url.origin}${base}`, keyStyle: keyStyleOf(url.hostname, token), token },
    warning: isBeta
      ? `OPENAI_MODEL_ENDPOINT names the beta, which is gone; ${base}${CALLS_PATH} is used`
      : undefined,
  };
}

/** Azure's own keys go into a header of their own; a token of Entra, which is a JWT, is a bearer there too. */
const keyStyleOf = (hostname: string, token: string): KeyStyle =>
  /\.(?:openai|cognitiveservices|services\.ai)\.azure\.com$/.test(hostname) &&
  !/^ey[\w-]+\.[\w-]+\.[\w-]+$/.test(token)
    ? 'api-key'
    : 'bearer';

/** What is to be said of a model, if anything. @param today - `YYYY-MM-DD` */
export function modelWarning(model: string, today: string): string | undefined {
  const date =
    SHUTDOWN_DATES[model] ?? (model.startsWith('gpt-4o-realtime-preview') ? '2026-05-07' : undefined);
  if (date === undefined) return undefined;
  return date <= today ? `was shut down on ${date}` : `will be shut down on ${date}`;
}
