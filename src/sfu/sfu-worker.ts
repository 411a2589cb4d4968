import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../clock.ts';
import { createLog } from '../log.ts';
import type { SfuParts } from './sfu-blueprint.ts';
import type { SfuCommand, SfuReport, SfuWorkerData } from './sfu-messages.ts';
import { startSfuService } from './sfu-service.ts';

// The thread of the embedded SFU. Media wait for nothing else here: on a busy main thread, 80 ms of each 100 were seen to
// delay one packet in a hundred by as much. What goes wrong ends the thread, and the other side starts another.

if (parentPort === null) throw new Error('This module is for a worker thread');
const mainThread = parentPort;
const { settings, access, logLevel, partsUrl } = workerData as SfuWorkerData;

const report = (report: SfuReport): void => mainThread.postMessage(report);
const log = createLog(logLevel, { write: (line) => report({ type: 'log', line }) });

// A promise that a library forgets, in one peer's handshake, is no reason to end the sessions of all others.
process.on('unhandledRejection', (error) => log.error({ err: error }, 'unhandled rejection'));

const parts = (await import(partsUrl)) as SfuParts;
const service = await startSfuService({
  settings,
  access,
  parts,
  clock: systemClock,
  log,
  onStats: (stats) => report({ type: 'stats', stats }),
});

mainThread.on('message', ({ type }: SfuCommand) => {
  if (type !== 'stop') return;
  // Without the port nothing keeps this thread.
  void service.close().finally(() => mainThread.close());
});
const { port, standIn, candidates } = service;
report({ type: 'listening', port, standIn, candidates });
