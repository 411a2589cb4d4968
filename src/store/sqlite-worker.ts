import { parentPort, workerData } from 'node:worker_threads';
import { SqliteDatabase } from './sqlite-database.ts';
import { StoreOpenError, type Batch, type StoredAiCall } from './store.ts';

/** One call of the port, as data. */
export type StoreCall =
  | { readonly method: 'open' | 'readLiveRooms' | 'listAiCalls' | 'close' }
  /** As JSON: writing it costs the sender a third of what a structured clone of its many small objects does. */
  | { readonly method: 'save'; readonly batchJson: string }
  | { readonly method: 'noteAiCall'; readonly call: StoredAiCall }
  | { readonly method: 'forgetAiCall'; readonly callId: string };

export type StoreRequest = { readonly id: number; readonly call: StoreCall };
export type StoreReply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly message: string; readonly refused: boolean };

let database: SqliteDatabase | undefined;

function perform(call: StoreCall): unknown {
  if (call.method === 'close') {
    database?.close();
    database = undefined;
    return undefined;
  }
  const db = (database ??= new SqliteDatabase((workerData as { dataDir: string }).dataDir));
  switch (call.method) {
    case 'open':
      return undefined;
    case 'readLiveRooms':
      return db.readLiveRooms();
    case 'listAiCalls':
      return db.listAiCalls();
    case 'save':
      return db.save(JSON.parse(call.batchJson) as Batch);
    case 'noteAiCall':
      return db.noteAiCall(call.call);
    case 'forgetAiCall':
      return db.forgetAiCall(call.callId);
  }
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
