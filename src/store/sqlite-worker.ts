import { parentPort, workerData } from 'node:worker_threads';
import { SqliteDatabase } from './sqlite-database.ts';
import { tablesOf, type StoreMethod, type SynchronousStore } from './sqlite-tables.ts';
import { StoreOpenError, type Batch } from './store.ts';

/** One call of the port, as data. */
export type StoreCall =
  | { readonly method: 'open' }
  | { readonly method: 'close' }
  /** As JSON: writing it costs the sender a third of what a structured clone of its many small objects does. */
  | { readonly method: 'save'; readonly batchJson: string }
  | { readonly method: Exclude<StoreMethod, 'save'>; readonly args: readonly unknown[] };

export type StoreRequest = { readonly id: number; readonly call: StoreCall };
export type StoreReply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly message: string; readonly refused: boolean };

let database: SqliteDatabase | undefined;
let tables: SynchronousStore | undefined;

function perform(call: StoreCall): unknown {
  if (call.method === 'close') {
    database?.close();
    database = undefined;
    tables = undefined;
    return undefined;
  }
  database ??= new SqliteDatabase((workerData as { dataDir: string }).dataDir);
  tables ??= tablesOf(database);
  if (call.method === 'open') return undefined;
  if (call.method === 'save') return tables.save(JSON.parse(call.batchJson) as Batch);
  // The other side is typed by the port; nothing else can post to this worker.
  const method = tables[call.method] as (...args: readonly unknown[]) => unknown;
  return method(...call.args);
}

parentPort?.on('message', ({ id, call }: StoreRequest) => {
  let reply: StoreReply;
  try {
    reply = { id, ok: true, value: perform(call) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    reply = { id, ok: false, message, refused: error instanceof StoreOpenError };
  }
  parentPort?.postMessage(reply);
});
