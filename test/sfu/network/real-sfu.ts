import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { HttpApi } from '../../../src/sfu/api/http-api.ts';
import { Operations } from '../../../src/sfu/api/operations.ts';
import { ForwardingEngine } from '../../../src/sfu/media/forwarding-engine.ts';
import { SessionRegistry } from '../../../src/sfu/session/session-registry.ts';
import { DEFAULT_SFU_LIMITS } from '../../../src/sfu/sfu-settings.ts';
import { PortHub } from '../../../src/sfu/transport/port-hub.ts';

const logger = pino({ level: 'silent' });
const clock = systemClock;

export const openHub = async (): Promise<PortHub> => {
  const hub = await PortHub.open({ port: 0, addresses: ['127.0.0.1'], tcp: false, clock, logger });
  onTestFinished(() => hub.close());
  return hub;
};

type Ask = (method: string, path: string, body?: object) => Promise<Reply>;

export type Reply = {
  readonly sessionId?: string;
  readonly sessionDescription?: { readonly type: string; readonly sdp: string };
  readonly requiresImmediateRenegotiation?: boolean;
  readonly tracks?: readonly { readonly mid?: string; readonly errorCode?: string }[];
};

/** The SFU's parts with real sockets and real time, until the test ends; gives what asks its API, and throws for refusals. */
export async function startRealSfu(): Promise<Ask> {
  const engine = new ForwardingEngine({ clock, logger });
  const limits = DEFAULT_SFU_LIMITS;
  const registry = new SessionRegistry({ hub: await openHub(), engine, limits, clock, log: logger });
  const operations = new Operations(registry, limits.maxRequestsPerSecond, clock);
  const settings = { appId: 'app', appSecret: 'secret', port: 0, maxBodyBytes: limits.maxBodyBytes };
  const api = new HttpApi(settings, operations, logger);
  const port = await api.listen();
  const timer = setInterval(() => registry.tick(clock.now()), 50);
  onTestFinished(async () => {
    clearInterval(timer);
    registry.close();
    await api.close();
  });
  return async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}/v1/apps/app/${path}`, {
      method,
      headers: { authorization: 'Bearer secret', 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const reply = JSON.parse(text) as Reply;
    if (!response.ok || text.includes('errorCode')) throw new Error(`${path}: ${response.status} ${text}`);
    return reply;
  };
}
