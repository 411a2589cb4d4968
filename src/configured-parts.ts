import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Audience } from './calls/audience.ts';
import type { Calls } from './calls/calls.ts';
import { HttpCalls } from './calls/calls.http.ts';
import { CallsProxy } from './calls/calls-proxy.ts';
import { closeSessionBy } from './calls/close-session.ts';
import { TurnServers } from './calls/ice-servers.ts';
import { SfuSessions } from './calls/sfu-sessions.ts';
import { wait, type Clock } from './clock.ts';
import type { Config } from './config.ts';
import { Outbox } from './feedback/outbox.ts';
import { Webhook } from './feedback/webhook.ts';
import { AccessJwt } from './identity/access-jwt.ts';
import type { Authorize } from './identity/authorize.ts';
import { Identifier } from './identity/identify.ts';
import { JoinTokens } from './identity/join-token.ts';
import type { Service } from './room-server.ts';
import { EmbeddedCalls } from './sfu/calls.embedded.ts';
import { EmbeddedSfu } from './sfu/embedded-sfu.ts';
import type { Store } from './store/store.ts';
import { OpenAiApi, type RealtimeApi } from './voice/openai-api.ts';
import { modelWarning, readEndpoint } from './voice/openai-settings.ts';
import { Teardown } from './voice/teardown.ts';
import { OpenAiVoice } from './voice/voice.openai.ts';

// The other half of the composition root: the parts that the configuration chooses. Parts are made here and in app.ts alone.

/** What nearly every part is made of. */
export type Base = {
  readonly config: Config;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
};

/** Cloudflare's SFU, or what speaks its API elsewhere; nothing where none is configured. */
export function configuredCalls({
  callsApiUrl: apiUrl,
  callsAppId: appId,
  callsAppSecret: appSecret,
}: Config): Calls | undefined {
  return appId === '' ? undefined : new HttpCalls({ apiUrl, appId, appSecret });
}

/** The SFU of this process, to be started before whatever uses it. */
export function embeddedCalls({ embeddedSfu }: Config, clock: Clock, log: Logger): EmbeddedCalls | undefined {
  return embeddedSfu && new EmbeddedCalls(new EmbeddedSfu({ settings: embeddedSfu, clock, log }));
}

export function configuredTurn(config: Config, clock: Clock, log: Logger): TurnServers | undefined {
  const { turnServiceId: keyId, turnServiceToken: keyToken, turnTtlSeconds: ttlSeconds } = config;
  if (keyId === '') return undefined;
  return new TurnServers({ apiUrl: config.callsApiUrl, keyId, keyToken, ttlSeconds }, clock, log);
}

export function configuredOutbox(
  { feedbackUrl }: Config,
  store: Store,
  clock: Clock,
  log: Logger,
): Outbox | undefined {
  if (feedbackUrl === '') return undefined;
  const webhook = new Webhook(feedbackUrl, clock);
  return new Outbox({ store, webhook, clock, log, newId: randomUUID, random: Math.random });
}

export function assembleIdentifier(
  config: Config,
  secrets: readonly string[],
  clock: Clock,
  log: Logger,
): Identifier {
  const { accessTeamOrigin: teamOrigin, accessAudiences: audiences, joinTokenSecret } = config;
  return new Identifier({
    secrets,
    trustAccessEmailHeader: config.trustAccessEmailHeader,
    requireJoinToken: config.requireJoinToken,
    joinTokens: joinTokenSecret === '' ? undefined : new JoinTokens(joinTokenSecret, clock),
    accessJwt: teamOrigin === '' ? undefined : new AccessJwt({ teamOrigin, audiences }, clock, log),
  });
}

type AiParts = Base & {
  readonly calls: Calls;
  /** What answers where there is no key. */
  readonly standIn: RealtimeApi | undefined;
  readonly hashKey: string;
};

/** What the stand-in is called wherever a person meets it. */
const STAND_IN_NAME = 'Echo (no AI configured)';

/** OpenAI's voice, where there is a key, or what stands in for it. */
export function configuredAi({
  calls,
  standIn,
  config,
  store,
  clock,
  log,
  hashKey,
}: AiParts): { readonly voice: OpenAiVoice; readonly service: Service } | undefined {
  const { openAiModel: model, apiExtraParams } = config;
  const openAi = configuredOpenAi(config, clock, log);
  const api = openAi ?? standIn;
  if (api === undefined) return undefined;
  const name = openAi === undefined ? STAND_IN_NAME : undefined;
  const extraParams = new URLSearchParams(apiExtraParams);
  const teardown = new Teardown({ api, calls, store, clock, log, extraParams });
  const voice = new OpenAiVoice({
    calls,
    api,
    teardown,
    clock,
    log,
    model,
    name,
    extraParams,
    hashKey,
  });
  const stop = async (): Promise<void> => {
    await voice.stop();
    await teardown.stop();
    await api.close();
  };
  return { voice, service: { start: () => teardown.start(), stop } };
}

function configuredOpenAi(config: Config, clock: Clock, log: Logger): OpenAiApi | undefined {
  const { openAiToken, openAiEndpoint, openAiModel: model } = config;
  if (openAiToken === '') return undefined;
  const { settings, warning } = readEndpoint(openAiEndpoint, openAiToken);
  if (warning !== undefined) log.warn(warning);
  const today = new Date(clock.now()).toISOString().slice(0, 10);
  const shutdown = modelWarning(model, today);
  if (shutdown !== undefined) log.warn({ model }, `OPENAI_MODEL_ID ${shutdown}`);
  return new OpenAiApi(settings);
}

type MediaParts = Base & {
  readonly calls: Calls;
  readonly audience: Audience;
  readonly authorize: Authorize;
};

/** What stands between the clients and the SFU. */
export function assembleMedia({ calls, config, store, audience, authorize, clock, log }: MediaParts): {
  readonly sessions: SfuSessions;
  readonly proxy: CallsProxy;
  readonly service: Service;
} {
  const extraParams = new URLSearchParams(config.apiExtraParams);
  const close = closeSessionBy({ calls, clock, log, extraParams });
  const sessions = new SfuSessions({ store, audience, clock, log, close });
  const pause = (ms: number): Promise<void> => wait(clock, ms);
  const proxy = new CallsProxy({ calls, sessions, audience, authorize, log, extraParams, wait: pause });
  const stop = (): Promise<void> => {
    sessions.stop();
    return calls.close();
  };
  return { sessions, proxy, service: { start: () => sessions.start(), stop } };
}
