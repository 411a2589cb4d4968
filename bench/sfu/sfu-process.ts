import { pino } from 'pino';
import { systemClock } from '../../src/clock.ts';
import { HttpApi } from '../../src/sfu/api/http-api.ts';
import { Operations } from '../../src/sfu/api/operations.ts';
import { ForwardingEngine } from '../../src/sfu/media/forwarding-engine.ts';
import type { MediaTotals } from '../../src/sfu/media/session-media.ts';
import { SessionRegistry } from '../../src/sfu/session/session-registry.ts';
import { DEFAULT_SFU_LIMITS } from '../../src/sfu/sfu-settings.ts';
import { PortHub } from '../../src/sfu/transport/port-hub.ts';
import { serve } from '../worker.ts';
import type { SfuAddress } from './calls-client.ts';

/** The SFU under load, alone in its process: what it costs is what the process costs. */
export type SfuProcessCalls = {
  readonly listen: { readonly input: null; readonly output: SfuAddress };
  readonly totals: { readonly input: null; readonly output: MediaTotals };
  /** Collects garbage, so that what is left is what is held. */
  readonly collect: { readonly input: null; readonly output: null };
};

/** As the worker thread of the server does it. */
const TICK_MS = 50;
/** Nothing of what is measured is to be refused. */
const LIMITS = { ...DEFAULT_SFU_LIMITS, maxEgressPacketsPerSecond: 1e9, maxRequestsPerSecond: 10_000 };
const APP_ID = 'bench';
const APP_SECRET = 'secret';

const clock = systemClock;
const log = pino({ level: 'warn' }, pino.destination(2));
const engine = new ForwardingEngine({ clock, logger: log });

async function listen(): Promise<SfuAddress> {
  const hub = await PortHub.open({ port: 0, addresses: ['127.0.0.1'], tcp: false, clock, logger: log });
  const registry = new SessionRegistry({ hub, engine, limits: LIMITS, clock, log });
  const operations = new Operations(registry, LIMITS.maxRequestsPerSecond, clock);
  const settings = {
    appId: APP_ID,
    appSecret: APP_SECRET,
    port: 0,
    maxBodyBytes: LIMITS.maxBodyBytes,
  };
  const port = await new HttpApi(settings, operations, log).listen();
  setInterval(() => registry.tick(clock.now()), TICK_MS);
  return { url: `http://127.0.0.1:${port}/v1/apps/${APP_ID}`, secret: APP_SECRET };
}

serve<SfuProcessCalls>({
  listen,
  totals: () => engine.totals,
  collect: () => {
    const { gc } = globalThis;
    if (gc === undefined) throw new Error('Start with --expose-gc');
    gc();
    gc();
    return null;
  },
});
