import { createApp, ConfigError, loadConfig } from './app.ts';
import { ListenError } from './gateway/listen.ts';
import { createLog } from './log.ts';
import { SfuStartError } from './sfu/embedded-sfu.ts';
import { StoreOpenError } from './store/store.ts';

/** Ends the process: in words where a person can mend it, with the stack where it is ours to mend. */
function refuseToStart(error: unknown): never {
  const forPeople =
    error instanceof ConfigError ||
    error instanceof ListenError ||
    error instanceof StoreOpenError ||
    error instanceof SfuStartError ||
    (error instanceof Error && 'syscall' in error);
  const text = error instanceof Error ? (forPeople ? error.message : error.stack) : String(error);
  process.stderr.write(`satsuma: ${text}\n`);
  process.exit(1);
}

async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const log = createLog(config.logLevel);
  const app = createApp(config, { log });
  const { port, adminPort } = await app.listen();
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) {
      log.warn({ signal }, 'stopped at once');
      process.exit(1);
    }
    stopping = true;
    log.info({ signal, ...app.stats() }, 'stopping');
    app.drain().then(
      () => log.info('stopped'),
      (error: unknown) => {
        log.error({ err: error }, 'stopped with an error');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // Whoever reads this line may send a signal at once.
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

  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught exception');
    process.exit(1);
  });
}

main().catch(refuseToStart);
