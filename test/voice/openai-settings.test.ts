import { expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../../src/app.ts';
import { modelWarning, readEndpoint } from '../../src/voice/openai-settings.ts';
import { AiRoom, startUpstreams } from '../support/ai-room.ts';
import { startServer } from '../support/server.ts';

const OPENAI = 'https://api.openai.com/v1';
const AZURE = 'https://lab.openai.azure.com/openai/v1';
const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJsYWIifQ.c2lnbmF0dXJl';
const BETA_IS_GONE = 'OPENAI_MODEL_ENDPOINT names the beta, which is gone; /v1/realtime/calls is used';

test.each([
  [`${OPENAI}/realtime/calls`, 'sk-1', OPENAI, 'bearer', undefined],
  [`${OPENAI}/realtime/calls/`, 'sk-1', OPENAI, 'bearer', undefined],
  [`${OPENAI}/realtime`, 'sk-1', OPENAI, 'bearer', BETA_IS_GONE],
  [`${OPENAI}/realtime?model=gpt-4o-realtime-preview-2024-10-01`, 'sk-1', OPENAI, 'bearer', BETA_IS_GONE],
  [`${OPENAI}/realtime/`, 'sk-1', OPENAI, 'bearer', BETA_IS_GONE],
  [OPENAI, 'sk-1', OPENAI, 'bearer', undefined],
  [`${OPENAI}/`, 'sk-1', OPENAI, 'bearer', undefined],
  ['https://eu.api.openai.com/v1', 'sk-1', 'https://eu.api.openai.com/v1', 'bearer', undefined],
  ['http://127.0.0.1:8080/llm/v1/realtime/calls', 'k', 'http://127.0.0.1:8080/llm/v1', 'bearer', undefined],
  [AZURE, 'azure-key', AZURE, 'api-key', undefined],
  [`${AZURE}/realtime/calls`, 'azure-key', AZURE, 'api-key', undefined],
  [AZURE, JWT, AZURE, 'bearer', undefined],
  [
    'https://lab.cognitiveservices.azure.com/openai/v1',
    'azure-key',
    'https://lab.cognitiveservices.azure.com/openai/v1',
    'api-key',
    undefined,
  ],
  [
    'https://lab.services.ai.azure.com/openai/v1',
    'azure-key',
    'https://lab.services.ai.azure.com/openai/v1',
    'api-key',
    undefined,
  ],
  [
    'https://openai.azure.com.evil.example/v1',
    'k',
    'https://openai.azure.com.evil.example/v1',
    'bearer',
    undefined,
  ],
] as const)(
  '[V11] the endpoint %s with the token %s stands for %s',
  (endpoint, token, baseUrl, keyStyle, warning) => {
    expect(readEndpoint(endpoint, token)).toEqual({ settings: { baseUrl, keyStyle, token }, warning });
  },
);

test.each([
  ['gpt-realtime-2.1', '2026-11-21', undefined],
  ['gpt-realtime-1.5', '2030-01-01', undefined],
  ['my-deployment', '2030-01-01', undefined],
  ['gpt-realtime', '2026-11-21', 'will be shut down on 2027-01-20'],
  ['gpt-realtime', '2027-01-19', 'will be shut down on 2027-01-20'],
  ['gpt-realtime', '2027-01-20', 'was shut down on 2027-01-20'],
  ['gpt-realtime-mini-2025-12-15', '2026-11-21', 'will be shut down on 2027-01-20'],
  ['gpt-realtime-mini-2025-10-06', '2026-11-21', 'was shut down on 2026-07-23'],
  ['gpt-4o-realtime-preview-2024-10-01', '2026-11-21', 'was shut down on 2025-10-10'],
  ['gpt-4o-realtime-preview-2024-12-17', '2026-11-21', 'was shut down on 2026-05-07'],
])('[V11] of the model %s it is said on %s: %s', (model, today, said) => {
  expect(modelWarning(model, today)).toBe(said);
});

const warnings = (lines: readonly Record<string, unknown>[]): unknown[] =>
  lines.flatMap(({ msg, model }) =>
    String(msg).startsWith('OPENAI_') ? [{ msg, ...(model !== undefined && { model }) }] : [],
  );

test('[V11] what the original was configured with works, with two warnings at start', async () => {
  const upstreams = await startUpstreams();
  const model = 'gpt-4o-realtime-preview-2024-10-01';
  const room = await AiRoom.active({
    upstreams,
    environment: {
      OPENAI_MODEL_ENDPOINT: `${upstreams.openai.url}/v1/realtime`,
      OPENAI_MODEL_ID: model,
    },
  });
  expect(room.openai.requests.map(({ path }) => path)).toEqual(['/v1/realtime/calls']);
  // The fake clock stands in 1970.
  expect(warnings(room.server.logLines)).toEqual([
    { msg: BETA_IS_GONE },
    { msg: 'OPENAI_MODEL_ID will be shut down on 2025-10-10', model },
  ]);
});

test('[V11] a current model at the current address is worth no word', async () => {
  expect(warnings((await AiRoom.active()).server.logLines)).toEqual([]);
});

test('[V11] neither key nor SDP are in the log, at its most talkative', async () => {
  const room = await AiRoom.active({ environment: { LOG_LEVEL: 'trace' } });
  room.alice.send({ type: 'disableAi' });
  await room.untilBalanced();
  expect(JSON.stringify(room.server.logLines)).not.toMatch(/sk-test|a=fingerprint|ice-pwd/);
});

test('[V11] without a key there is no AI, and an invitation says so', async () => {
  const { sfu } = await startUpstreams();
  const server = await startServer(sfu.environment);
  const alice = await server.connect({ id: 'a' });
  alice.send({ type: 'enableAi' });
  await alice.waitFor(({ state }) => JSON.stringify(state).includes('No AI is configured on this server'));
  expect(sfu.requests).toEqual([]);
});

test.each([
  ['OPENAI_MODEL_ENDPOINT', 'http://api.openai.com/v1'],
  ['OPENAI_MODEL_ENDPOINT', 'https://user:pass@api.openai.com/v1'],
  ['OPENAI_MODEL_ENDPOINT', 'api.openai.com'],
  ['OPENAI_MODEL_ID', 'two words'],
  ['OPENAI_MODEL_ID', 'x'.repeat(129)],
])('[V11] %s=%s is a fault of the configuration', (name, value) => {
  const load = () => loadConfig({ OPENAI_API_TOKEN: 'sk-test', [name]: value });
  expect(load).toThrow(ConfigError);
  expect(load).toThrow(name);
});
