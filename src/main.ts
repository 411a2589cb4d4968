import { createApp, ConfigError, loadConfig } from './app.ts';
import { ListenError } from './gateway/listen.ts';
import { createLog } from './log.ts';

/** Ends the process with words for the person who started it. */
function refuseToStart(error: unknown): never {
  const forPeople = error instanceof ConfigError || error instanceof ListenError || error instanceof Error;
  process.stderr.write(`satsuma: ${forPeople ? error.message : String(error)}\n`);
  process.exit(1);
}

async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const log = createLog(config.logLevel);
  const app = createApp(config, { log });
  const { port, adminPort } = await app.listen();
  log.info(
    {
      url: `http://localhost:${port}`,
      host: config.host,
      port,
      adminPort,
      pid: process.pid,
      node: process.version,
    },
    'listening',
  );

  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) {
      log.warn({ signal }, 'stopped at once');
      process.exit(1);
    }
    stopping = true;
    log.info({ signal, ...app.stats() }, 'stopping');
    void app.drain().then(() => log.info('stopped'));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);

  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught exception');
    process.exit(1);
  });
}

main().catch(refuseToStart);
