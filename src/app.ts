import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { roomMachine, type RoomMachine } from '../machines/room.machine.ts';
import { systemClock, type Clock } from './clock.ts';
import type { Config } from './config.ts';
import { Gateway } from './gateway/gateway.ts';
import { loadSessionSecrets } from './identity/session-secrets.ts';
import { createLog } from './log.ts';
import { JsonCache } from './rooms/json-cache.ts';
import { StateEncoder } from './rooms/state-encoder.ts';
import { RoomJournal } from './rooms/room-journal.ts';
import { RoomRegistry } from './rooms/registry.ts';
import { bindRoomMachine } from './rooms/room-services.ts';
import { RoomServer, type App } from './room-server.ts';
import type { Store } from './store/store.ts';
import { SqliteStore } from './store/store.sqlite.ts';
import { unconfiguredVoice } from './voice/voice.unconfigured.ts';
import type { Voice } from './voice/voice.ts';

export { loadConfig, ConfigError, type Config } from './config.ts';
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
  /** Opened and closed by the app. */
  readonly store?: Store;
  readonly machine?: RoomMachine;
};

/** Upstream's answer to a control request is one HTTP call; a user who holds a key down does not wait longer. */
const AI_ROUTE_TIMEOUT_MS = 10_000;
const AI_SESSION_LIMIT_MS = 55 * 60_000;

/** The composition root: the only place where parts are made and joined. */
export function createApp(config: Config, overrides: Overrides = {}): App {
  const clock = overrides.clock ?? systemClock;
  const log = overrides.log ?? createLog(config.logLevel);
  const delays = {
    emptyRoomGrace: config.emptyRoomGraceMs,
    aiConnectTimeout: config.aiConnectTimeoutMs,
    aiRouteTimeout: AI_ROUTE_TIMEOUT_MS,
    aiSessionLimit: AI_SESSION_LIMIT_MS,
  };
  const voice = overrides.voice ?? unconfiguredVoice;
  const machine = bindRoomMachine(overrides.machine ?? roomMachine, voice, delays, clock);
  const json = new JsonCache();
  const encoder = new StateEncoder(json);
  const store = overrides.store ?? new SqliteStore(config.dataDir, (user) => json.of(user));
  const journal = new RoomJournal(store, clock, log);
  const gateway = new Gateway({
    config,
    clock,
    log,
    identifySettings: {
      secrets: loadSessionSecrets(config.sessionSecrets, config.dataDir),
      trustAccessEmailHeader: config.trustAccessEmailHeader,
    },
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
        newMeetingId: randomUUID,
      }),
  });
  return new RoomServer({ config, clock, log, store, journal, gateway });
}
