import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import { roomMachine, type RoomMachine } from '../machines/room.machine.ts';
import { systemClock, wait, type Clock } from './clock.ts';
import type { Config } from './config.ts';
import type { Audience } from './calls/audience.ts';
import type { Calls } from './calls/calls.ts';
import { HttpCalls } from './calls/calls.http.ts';
import { CallsProxy } from './calls/calls-proxy.ts';
import { closeSessionBy } from './calls/close-session.ts';
import { TurnServers } from './calls/ice-servers.ts';
import { SfuSessions } from './calls/sfu-sessions.ts';
import { Gateway } from './gateway/gateway.ts';
import { KEEP_MS, Outbox } from './feedback/outbox.ts';
import { Webhook } from './feedback/webhook.ts';
import { callsRoutes } from './gateway/calls-routes.ts';
import { configRoute } from './gateway/config-route.ts';
import { feedbackRoutes } from './gateway/feedback-routes.ts';
import { forNamed, pageRoutes } from './gateway/page-routes.ts';
import type { Router } from './gateway/request.ts';
import { exactly, firstOf } from './gateway/routes.ts';
import { AccessJwt } from './identity/access-jwt.ts';
import { authorizeBy, type Authorize } from './identity/authorize.ts';
import { Identifier } from './identity/identify.ts';
import { JoinTokens } from './identity/join-token.ts';
import { loadSessionSecrets } from './identity/session-secrets.ts';
import { createLog } from './log.ts';
import { JsonCache } from './rooms/json-cache.ts';
import { StateEncoder } from './rooms/state-encoder.ts';
import { RoomJournal } from './rooms/room-journal.ts';
import { RoomRegistry } from './rooms/registry.ts';
import { bindRoomMachine, type RoomDelays } from './rooms/room-services.ts';
import { RoomServer, type App, type Service } from './room-server.ts';
import type { Store } from './store/store.ts';
import { SqliteStore } from './store/store.sqlite.ts';
import { OpenAiApi } from './voice/openai-api.ts';
import { modelWarning, readEndpoint } from './voice/openai-settings.ts';
import { Teardown } from './voice/teardown.ts';
import { OpenAiVoice } from './voice/voice.openai.ts';
import { unconfiguredVoice } from './voice/voice.unconfigured.ts';
import type { Voice } from './voice/voice.ts';

export { loadConfig, ConfigError, type Config } from './config.ts';
export type { Calls } from './calls/calls.ts';
export type { App } from './room-server.ts';
export type { Clock } from './clock.ts';
export { VoiceError, type Voice } from './voice/voice.ts';
export { MemoryStore } from './store/store.memory.ts';
export type { Store } from './store/store.ts';

/** What a host application, or a test, may put in place of the parts chosen by the configuration. */
export type Overrides = {
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly voice?: Voice;
  /** The SFU; closed by the app. */
  readonly calls?: Calls;
  /** Opened and closed by the app. */
  readonly store?: Store;
  readonly machine?: RoomMachine;
};

/** Upstream's answer to a control request is one HTTP call; a user who holds a key down does not wait longer. */
const AI_ROUTE_TIMEOUT_MS = 10_000;
const AI_SESSION_LIMIT_MS = 55 * 60_000;

/** The version of this server, as reports and analytics carry it. */
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The composition root: the only place where parts are made and joined. */
export function createApp(config: Config, overrides: Overrides = {}): App {
  const clock = overrides.clock ?? systemClock;
  const log = overrides.log ?? createLog(config.logLevel);
  const json = new JsonCache();
  const encoder = new StateEncoder(json);
  const store = overrides.store ?? new SqliteStore(config.dataDir, (user) => json.of(user));
  const journal = new RoomJournal(store, clock, log);
  const authorize = authorizeBy(config.roomPolicy);
  const sessionSecrets = loadSessionSecrets(config.sessionSecrets, config.dataDir);
  // The rooms come with the gateway, which carries their frames, and the gateway with its routes, which ask the rooms.
  const audience: Audience = {
    isPresent: (owner) => gateway.registry.isPresent(owner),
    publishes: (owner, sessionId) => gateway.registry.publishes(owner, sessionId),
    canHear: (listener, publisher, sessionId) => gateway.registry.canHear(listener, publisher, sessionId),
  };
  const calls = overrides.calls ?? configuredCalls(config);
  const media = calls && assembleMedia({ calls, config, store, audience, authorize, clock, log });
  const ai = calls && configuredAi({ calls, config, store, clock, log, hashKey: sessionSecrets[0] ?? '' });
  const voice = overrides.voice ?? ai?.voice ?? unconfiguredVoice;
  const machine = bindRoomMachine(overrides.machine ?? roomMachine, voice, delaysOf(config), clock);
  const turn = configuredTurn(config, clock, log);
  const identifier = assembleIdentifier(config, sessionSecrets, clock, log);
  const outbox = configuredOutbox(config, store, clock, log);
  const gateway: Gateway = new Gateway({
    config,
    clock,
    log,
    identifier,
    routes: routesOf({
      config,
      store,
      clock,
      log,
      authorize,
      identifier,
      sessionSecrets,
      proxy: media?.proxy,
      turn,
      outbox,
      hasAi: voice !== unconfiguredVoice,
    }),
    unreadyReason: () => (journal.faulty ? 'store' : undefined),
    createRegistry: (transport) =>
      new RoomRegistry({
        machine,
        clock,
        transport,
        settings: config,
        log,
        journal,
        encoder,
        authorize,
        voice,
        newMeetingId: randomUUID,
        onDeparture: (departure) => media?.sessions.departed(departure),
        ownsTrack: (owner, track) => media === undefined || media.sessions.publishes(owner, track),
      }),
  });
  if (calls === undefined) log.info('media is off: there is no CALLS_APP_ID');
  if (voice === unconfiguredVoice) log.info('the AI is off: there is no OPENAI_API_TOKEN, or no media');
  const services: (Service | undefined)[] = [
    outbox ?? { start: () => store.pruneFeedback(clock.now() - KEEP_MS), stop: () => Promise.resolve() },
    // Before the way to the SFU is closed.
    ai?.service,
    media?.service,
    turn && { start: () => Promise.resolve(), stop: () => turn.close() },
  ];
  return new RoomServer({
    config,
    clock,
    log,
    store,
    journal,
    gateway,
    services: services.filter((service) => service !== undefined),
  });
}

const delaysOf = ({ emptyRoomGraceMs, aiConnectTimeoutMs }: Config): RoomDelays => ({
  emptyRoomGrace: emptyRoomGraceMs,
  aiConnectTimeout: aiConnectTimeoutMs,
  aiRouteTimeout: AI_ROUTE_TIMEOUT_MS,
  aiSessionLimit: AI_SESSION_LIMIT_MS,
});

/** What nearly every part is made of. */
type Base = {
  readonly config: Config;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
};

type RouteParts = Base & {
  readonly authorize: Authorize;
  readonly identifier: Identifier;
  readonly sessionSecrets: readonly string[];
  readonly proxy: CallsProxy | undefined;
  readonly turn: TurnServers | undefined;
  readonly outbox: Outbox | undefined;
  readonly hasAi: boolean;
};

/** Everything that the public port offers over HTTP. The pages come last: to them every other path is a room. */
function routesOf({ config, proxy, turn, outbox, hasAi, ...parts }: RouteParts): Router {
  const { authorize, identifier, sessionSecrets, clock, log } = parts;
  const pages = { identifier, sessionSecrets };
  return firstOf(
    callsRoutes({ identifier, authorize, clock, log, proxy, turn }),
    exactly(
      configRoute({
        identifier,
        authorize,
        hasMedia: proxy !== undefined,
        hasAi,
        hasFeedback: outbox !== undefined,
        apiExtraParams: config.apiExtraParams,
      }),
    ),
    exactly(
      feedbackRoutes({
        ...parts,
        outbox,
        traceLink: config.traceLink,
        version,
        newId: randomUUID,
        forNamed: (page) => forNamed(pages, page),
      }),
    ),
    pageRoutes(pages),
  );
}

function configuredCalls({
  callsApiUrl: apiUrl,
  callsAppId: appId,
  callsAppSecret: appSecret,
}: Config): Calls | undefined {
  return appId === '' ? undefined : new HttpCalls({ apiUrl, appId, appSecret });
}

function configuredTurn(config: Config, clock: Clock, log: Logger): TurnServers | undefined {
  const { turnServiceId: keyId, turnServiceToken: keyToken, turnTtlSeconds: ttlSeconds } = config;
  if (keyId === '') return undefined;
  return new TurnServers({ apiUrl: config.callsApiUrl, keyId, keyToken, ttlSeconds }, clock, log);
}

function configuredOutbox(
  { feedbackUrl }: Config,
  store: Store,
  clock: Clock,
  log: Logger,
): Outbox | undefined {
  if (feedbackUrl === '') return undefined;
  const webhook = new Webhook(feedbackUrl, clock);
  return new Outbox({ store, webhook, clock, log, newId: randomUUID, random: Math.random });
}

function assembleIdentifier(
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

type AiParts = Base & { readonly calls: Calls; readonly hashKey: string };

/** OpenAI's voice, where there is a key. */
function configuredAi({
  calls,
  config,
  store,
  clock,
  log,
  hashKey,
}: AiParts): { readonly voice: OpenAiVoice; readonly service: Service } | undefined {
  const { openAiToken, openAiEndpoint, openAiModel: model, apiExtraParams } = config;
  if (openAiToken === '') return undefined;
  const { settings, warning } = readEndpoint(openAiEndpoint, openAiToken);
  if (warning !== undefined) log.warn(warning);
  const today = new Date(clock.now()).toISOString().slice(0, 10);
  const shutdown = modelWarning(model, today);
  if (shutdown !== undefined) log.warn({ model }, `OPENAI_MODEL_ID ${shutdown}`);
  const api = new OpenAiApi(settings);
  const extraParams = new URLSearchParams(apiExtraParams);
  const teardown = new Teardown({ api, calls, store, clock, log, extraParams });
  const voice = new OpenAiVoice({ calls, api, teardown, clock, log, model, extraParams, hashKey });
  const stop = async (): Promise<void> => {
    await voice.stop();
    await teardown.stop();
    await api.close();
  };
  return { voice, service: { start: () => teardown.start(), stop } };
}

type MediaParts = Base & {
  readonly calls: Calls;
  readonly audience: Audience;
  readonly authorize: Authorize;
};

/** What stands between the clients and the SFU. */
function assembleMedia({ calls, config, store, audience, authorize, clock, log }: MediaParts): {
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
