import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { HttpApi } from './api/http-api.ts';
import { Operations } from './api/operations.ts';
import { SessionRegistry } from './session/session-registry.ts';
import type { SfuParts } from './sfu-blueprint.ts';
import type { SfuAccess, SfuStats } from './sfu-messages.ts';
import type { SfuSettings } from './sfu-settings.ts';
import { AiStandIn, type AiStandInAddress } from './stand-in/ai-stand-in.ts';
import type { Candidate, TransportHub } from './transport/session-transport.ts';

/** Reports and key-frame requests are due some 20 times a second; one timer serves all streams. */
const TICK_MS = 50;
const STATS_MS = 1_000;

export type SfuServiceDeps = {
  readonly settings: SfuSettings;
  readonly access: SfuAccess;
  readonly parts: SfuParts;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told about once a second. */
  readonly onStats: (stats: SfuStats) => void;
};

/** A whole SFU in this thread. */
export type SfuService = {
  /** Where the API listens. */
  readonly port: number;
  /** The AI that needs no key, if there is one. */
  readonly standIn: AiStandInAddress | undefined;
  /** Where media are received. */
  readonly candidates: readonly Candidate[];
  close(): Promise<void>;
};

/** Starts an SFU. Rejects when a port is taken, and leaves nothing open then. */
export async function startSfuService(deps: SfuServiceDeps): Promise<SfuService> {
  const { settings, access, parts, clock, log } = deps;
  const { limits } = settings;
  const hub = await parts.createTransportHub(settings, clock, log);
  const engine = parts.createMediaEngine(settings, clock, log);
  const registry = new SessionRegistry({ hub, engine, limits, clock, log });
  const operations = new Operations(registry, limits.maxRequestsPerSecond, clock);
  const api = new HttpApi({ ...access, maxBodyBytes: limits.maxBodyBytes }, operations, log);
  const ai = settings.isAiStandInEnabled ? new AiStandIn({ clock, log, ...access.standIn }) : undefined;
  let port: number;
  let standIn: AiStandInAddress | undefined;
  try {
    port = await api.listen();
    standIn = await ai?.start();
  } catch (error) {
    await api.close();
    await hub.close();
    throw error;
  }
  const stopTicking = startTicking(
    clock,
    (nowMs) => registry.tick(nowMs),
    () => deps.onStats({ ...registry.stats, ...engine.totals }),
  );
  const close = async (): Promise<void> => {
    stopTicking();
    await ai?.close();
    await api.close();
    registry.close();
    await hub.close();
  };
  return { port, standIn, candidates: candidatesOf(hub), close };
}

/** The addresses are those that any transport says. */
function candidatesOf(hub: TransportHub): readonly Candidate[] {
  const transport = hub.open('browser', { onRtp: () => {}, onRtcp: () => {}, onState: () => {} });
  const { candidates } = transport.local;
  transport.close();
  return candidates;
}

function startTicking(clock: Clock, tick: (nowMs: number) => void, report: () => void): () => void {
  let reportedAtMs = clock.now();
  let timer: unknown;
  const later = (): void => {
    timer = clock.setTimeout(() => {
      const nowMs = clock.now();
      tick(nowMs);
      if (nowMs - reportedAtMs >= STATS_MS) {
        reportedAtMs = nowMs;
        report();
      }
      later();
    }, TICK_MS);
  };
  later();
  return () => clock.clearTimeout(timer);
}
