import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { roomMachine, type RoomMachine } from '../machines/room.machine.ts';
import { systemClock, type Clock } from './clock.ts';
import type { Config } from './config.ts';
import { Gateway } from './gateway/gateway.ts';
import { loadSessionSecrets } from './identity/session-secrets.ts';
import { createLog } from './log.ts';
import { closeFor } from './protocol/close-codes.ts';
import { startSweep } from './rooms/liveness.ts';
import { RoomRegistry } from './rooms/registry.ts';
import { bindRoomMachine } from './rooms/room-services.ts';
import { unconfiguredVoice } from './voice/voice.unconfigured.ts';
import type { Voice } from './voice/voice.ts';

export { loadConfig, ConfigError, type Config } from './config.ts';
export type { Clock } from './clock.ts';
export { VoiceError, type Voice } from './voice/voice.ts';

/** What a host application, or a test, may put in place of the parts chosen by the configuration. */
export type Overrides = {
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly voice?: Voice;
  readonly machine?: RoomMachine;
};

/** A room server that is assembled and not yet listening. */
export interface App {
  /** Resolves with the ports in use; rejects when one cannot be had, and then nothing listens. */
  listen(): Promise<{ port: number; adminPort: number }>;
  /** Takes no more connections; those that are there stay. */
  drain(): void;
  /** Closes every connection with 1012 and everything that listens. Safe to call twice. */
  close(): Promise<void>;
  /** How many rooms and connections there are now. */
  stats(): { rooms: number; connections: number };
}

/** Upstream's answer to a control request is one HTTP call; a user who holds a key down does not wait longer. */
const AI_ROUTE_TIMEOUT_MS = 10_000;
const AI_SESSION_LIMIT_MS = 55 * 60_000;

/** The composition root: the only place where parts are made and joined. */
export function createApp(config: Config, overrides: Overrides = {}): App {
  const clock = overrides.clock ?? systemClock;
  const log = overrides.log ?? createLog(config.logLevel);
  const machine = bindRoomMachine(overrides.machine ?? roomMachine, overrides.voice ?? unconfiguredVoice, {
    emptyRoomGrace: config.emptyRoomGraceMs,
    aiConnectTimeout: config.aiConnectTimeoutMs,
    aiRouteTimeout: AI_ROUTE_TIMEOUT_MS,
    aiSessionLimit: AI_SESSION_LIMIT_MS,
  });
  const gateway = new Gateway({
    config,
    clock,
    log,
    identifySettings: {
      secrets: loadSessionSecrets(config.sessionSecrets, config.dataDir),
      trustAccessEmailHeader: config.trustAccessEmailHeader,
    },
    createRegistry: (transport) =>
      new RoomRegistry({ machine, clock, transport, settings: config, log, newMeetingId: randomUUID }),
  });
  let stopSweep: (() => void) | undefined;
  let closed = false;
  return {
    listen: async () => {
      const ports = await gateway.listen();
      stopSweep = startSweep(clock, (now) => gateway.registry.sweep(now));
      return ports;
    },
    drain: () => gateway.drain(),
    close: async () => {
      if (closed) return;
      closed = true;
      stopSweep?.();
      gateway.drain();
      gateway.registry.stop(closeFor('draining'));
      // The close frames leave at the end of the turn; closing the sockets before would swallow them.
      await new Promise<void>((resolve) => clock.afterTurn(resolve));
      gateway.close();
    },
    stats: () => ({ rooms: gateway.registry.roomCount, connections: gateway.connectionCount }),
  };
}
