import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import { roomMachine, type RoomMachine } from '../machines/room.machine.ts';
import { AdminAccess } from './admin/admin-access.ts';
import { adminRoutes } from './admin/admin-routes.ts';
import { RoomDirectory } from './admin/room-directory.ts';
import { systemClock, type Clock } from './clock.ts';
import type { Config } from './config.ts';
import {
  assembleIdentifier,
  assembleMedia,
  configuredAi,
  configuredCalls,
  configuredOutbox,
  configuredTurn,
  embeddedCalls,
  type Base,
} from './configured-parts.ts';
import type { Audience } from './calls/audience.ts';
import type { Calls } from './calls/calls.ts';
import type { CallsProxy } from './calls/calls-proxy.ts';
import type { TurnServers } from './calls/ice-servers.ts';
import { Gateway } from './gateway/gateway.ts';
import type { Outbox } from './feedback/outbox.ts';
import { KEEP_MS } from './feedback/outbox.ts';
import { callsRoutes } from './gateway/calls-routes.ts';
import { configRoute } from './gateway/config-route.ts';
import { feedbackRoutes } from './gateway/feedback-routes.ts';
import { forNamed, pageRoutes } from './gateway/page-routes.ts';
import type { Router } from './gateway/request.ts';
import { exactly, firstOf } from './gateway/routes.ts';
import { authorizeBy, type Authorize } from './identity/authorize.ts';
import type { Identifier } from './identity/identify.ts';
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
import { LiveView } from './visualiser/live-view.ts';
import { Mask } from './visualiser/mask.ts';
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
  const embedded = overrides.calls === undefined ? embeddedCalls(config, clock, log) : undefined;
  const calls = overrides.calls ?? embedded ?? configuredCalls(config);
  const media = calls && assembleMedia({ calls, config, store, audience, authorize, clock, log });
  const standIn = config.embeddedSfu?.isAiStandInEnabled === true ? embedded?.standIn : undefined;
  const hashKey = sessionSecrets[0] ?? '';
  const ai = calls && configuredAi({ calls, standIn, config, store, clock, log, hashKey });
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
      needsStun: embedded === undefined,
      outbox,
      hasAi: voice !== unconfiguredVoice,
      isStandIn: standIn !== undefined && voice === ai?.voice,
    }),
    createAdminRoutes: (registry) => assembleAdmin(config, registry, clock, log),
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
        newEpoch: randomUUID,
        authorize,
        voice,
        newMeetingId: randomUUID,
        onDeparture: (departure) => media?.sessions.departed(departure),
        ownsTrack: (owner, track) => media === undefined || media.sessions.publishes(owner, track),
      }),
  });
  if (calls === undefined) log.info('media is off: there is no CALLS_APP_ID, and EMBEDDED_SFU is false');
  if (voice === unconfiguredVoice) log.info('the AI is off: there is no OPENAI_API_TOKEN, or no media');
  const services: (Service | undefined)[] = [
    // Before what uses it; it is closed with the way to it.
    embedded && { start: () => embedded.start(), stop: () => Promise.resolve() },
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

/** What operators and reviewers get on the admin port. */
function assembleAdmin(config: Config, registry: RoomRegistry, clock: Clock, log: Logger): Router {
  const access = new AdminAccess({ token: config.adminToken, host: config.adminHost }, clock, log);
  if (access.isShut)
    log.warn('the admin port gives its health alone: it is open to others, without ADMIN_TOKEN');
  const live = new LiveView({ rooms: registry, mask: new Mask(randomUUID()), clock });
  return adminRoutes({ access, rooms: new RoomDirectory(registry), live });
}

type RouteParts = Base & {
  readonly authorize: Authorize;
  readonly identifier: Identifier;
  readonly sessionSecrets: readonly string[];
  readonly proxy: CallsProxy | undefined;
  readonly turn: TurnServers | undefined;
  readonly needsStun: boolean;
  readonly outbox: Outbox | undefined;
  readonly hasAi: boolean;
  readonly isStandIn: boolean;
};

/** Everything that the public port offers over HTTP. The pages come last: to them every other path is a room. */
function routesOf({
  config,
  proxy,
  turn,
  needsStun,
  outbox,
  hasAi,
  isStandIn,
  ...parts
}: RouteParts): Router {
  const { authorize, identifier, sessionSecrets, clock, log } = parts;
  const pages = { identifier, sessionSecrets };
  return firstOf(
    callsRoutes({ identifier, authorize, clock, log, proxy, turn, needsStun }),
    exactly(
      configRoute({
        identifier,
        authorize,
        hasMedia: proxy !== undefined,
        hasAi,
        isStandIn,
        hasFeedback: outbox !== undefined,
        apiExtraParams: config.apiExtraParams,
        webcam: {
          maxBitrate: config.maxWebcamBitrate,
          maxFramerate: config.maxWebcamFramerate,
          maxLines: config.maxWebcamLines,
        },
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
