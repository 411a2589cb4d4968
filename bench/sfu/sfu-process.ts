import { systemClock } from '../../src/clock.ts';
import { createLog } from '../../src/log.ts';
import { EmbeddedSfu } from '../../src/sfu/embedded-sfu.ts';
import { DEFAULT_SFU_SETTINGS } from '../../src/sfu/sfu-settings.ts';
import { serve } from '../worker.ts';
import type { SfuAddress } from './calls-client.ts';

/** The SFU under load, alone in its process: what it costs is what the process costs. */
export type SfuProcessCalls = {
  readonly listen: { readonly input: null; readonly output: SfuAddress };
};

const { limits } = DEFAULT_SFU_SETTINGS;

/** As the server starts it, in a thread of its own; but nothing of what is measured is to be refused. */
const sfu = new EmbeddedSfu({
  settings: {
    ...DEFAULT_SFU_SETTINGS,
    limits: { ...limits, maxEgressPacketsPerSecond: 1e9, maxRequestsPerSecond: 10_000 },
  },
  clock: systemClock,
  log: createLog('warn', process.stderr),
});

serve<SfuProcessCalls>({
  listen: async () => {
    const { apiUrl, appId, appSecret } = await sfu.start();
    return { url: `${apiUrl}/apps/${appId}`, secret: appSecret };
  },
});
