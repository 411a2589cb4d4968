import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import { setTimeout as delay } from 'node:timers/promises';
import { newUser } from '../machines/room.context.ts';
import { createLog } from '../src/log.ts';
import { JsonCache } from '../src/rooms/json-cache.ts';
import { fill, presence, registryOn, toggle } from './silent-rooms.ts';
import { SqliteStore } from '../src/store/store.sqlite.ts';
import { MemoryStore } from '../src/store/store.memory.ts';
import type { Batch, Store } from '../src/store/store.ts';

/** One measurement, in a thread of its own so that its event loop and heap are its own. */
export type StoreCase =
  | {
      readonly kind: 'load';
      readonly store: StoreKind;
      readonly rooms: number;
      readonly users: number;
      readonly ms: number;
    }
  | { readonly kind: 'changes'; readonly store: StoreKind; readonly changes: number }
  | { readonly kind: 'restart'; readonly rooms: number; readonly users: number };
export type StoreKind = 'none' | 'sqlite';
export type StoreResult = Readonly<Record<string, number>>;

/** A store that forgets at once: what the rooms cost without one. */
class NoStore extends MemoryStore {
  override save(_batch: Batch): Promise<void> {
    return Promise.resolve();
  }
}

const folder = mkdtempSync(join(tmpdir(), 'satsuma-bench-'));
const log = createLog('silent');
/** As in the server, the store writes the users' JSON that their states have made. */
const json = new JsonCache();
const openStore = async (kind: StoreKind): Promise<Store> => {
  const store = kind === 'sqlite' ? new SqliteStore(folder, (user) => json.of(user)) : new NoStore();
  await store.open();
  return store;
};

/** Everybody toggles once a second, spread evenly; how busy is the event loop? */
async function measureLoad(store: Store, rooms: number, users: number, ms: number): Promise<StoreResult> {
  const { registry, journal } = registryOn(store, json, log);
  const seats = fill(registry, rooms, users);
  await journal.flush();
  const tickMs = 10;
  const share = Math.max(1, Math.floor((seats.length * tickMs) / 1_000));
  let next = 0;
  const start = performance.now();
  let elapsed = 0;
  const before = performance.eventLoopUtilization();
  let done = 0;
  while (elapsed < ms) {
    const due = Math.floor((elapsed / 1_000) * seats.length);
    for (; done < due; done += 1) {
      const seat = seats[next];
      next = (next + 7_919) % seats.length;
      if (seat) toggle(registry, seat);
    }
    await delay(share > 0 ? tickMs : 1);
    elapsed = performance.now() - start;
  }
  const { active, idle } = performance.eventLoopUtilization(before);
  await journal.flush();
  return {
    changes: done,
    busyPercent: (100 * active) / (active + idle),
    microsecondsPerChange: (1_000 * active) / done,
  };
}

/** One room of ten, changes as fast as they go: what does the main thread pay for each? */
async function measureChanges(store: Store, changes: number): Promise<StoreResult> {
  const { registry, journal } = registryOn(store, json, log);
  const seats = fill(registry, 1, 10);
  await journal.flush();
  const start = performance.now();
  for (let n = 0; n < changes; n += 1) {
    const seat = seats[n % seats.length];
    if (seat) toggle(registry, seat);
    // Frames come in turns; a turn also lets the store answer.
    if (n % 100 === 99) await new Promise((resolve) => void setImmediate(resolve));
  }
  await journal.flush();
  return { microsecondsPerChange: (1_000 * (performance.now() - start)) / changes };
}

/** From an opened folder to restored rooms. */
async function measureRestart(rooms: number, users: number): Promise<StoreResult> {
  const store = await openStore('sqlite');
  for (let r = 0; r < rooms; r += 1_000) {
    const batch = Array.from({ length: Math.min(1_000, rooms - r) }, (_, n) => ({
      name: `room-${r + n}`,
      meetingId: crypto.randomUUID(),
      revision: 1,
      remove: [],
      put: Array.from({ length: users }, (_each, u) => ({
        id: `user-${u}-${'x'.repeat(28)}`,
        owner: `sid:${r + n}-${u}`,
        role: 'member' as const,
        user: { ...newUser(`user-${u}-${'x'.repeat(28)}`, `User ${u}`), ...presence(false) },
        lastSeenAt: 0,
      })),
    }));
    await store.save({ meetings: [], rooms: batch });
  }
  await store.close();
  const start = performance.now();
  const again = await openStore('sqlite');
  const opened = performance.now();
  const stored = await again.readLiveRooms();
  const read = performance.now();
  const { registry } = registryOn(again, json, log);
  registry.restore(stored);
  const end = performance.now();
  const restored = registry.roomCount;
  if (restored !== rooms) throw new Error(`${restored} of ${rooms} rooms were restored`);
  await again.close();
  return { openMs: opened - start, readMs: read - opened, restoreMs: end - read, totalMs: end - start };
}

async function measure(options: StoreCase): Promise<StoreResult> {
  if (options.kind === 'restart') return measureRestart(options.rooms, options.users);
  const store = await openStore(options.store);
  try {
    if (options.kind === 'changes') return await measureChanges(store, options.changes);
    return await measureLoad(store, options.rooms, options.users, options.ms);
  } finally {
    await store.close();
  }
}

const result = await measure(workerData as StoreCase).finally(() => {
  rmSync(folder, { recursive: true, force: true });
});
parentPort?.postMessage(result);
