import { createActor } from 'xstate';
import { expect, test } from 'vitest';
import { roomMachine } from '../../machines/room.machine.ts';
import { RoomWatchers, type RoomWatcher } from '../../src/rooms/room-watchers.ts';

/** A room's actor that says how many inspectors it has. */
function inspectedActor() {
  const actor = createActor(roomMachine).start();
  const inspect = actor.system.inspect.bind(actor.system);
  const account = { inspectors: 0 };
  actor.system.inspect = (observer) => {
    account.inspectors += 1;
    const subscription = inspect(observer);
    return {
      unsubscribe: () => {
        account.inspectors -= 1;
        subscription.unsubscribe();
      },
    };
  };
  return { actor, account };
}

const watcher = (more: Partial<RoomWatcher> = {}): RoomWatcher => ({
  began: () => {},
  stepped: () => {},
  refused: () => {},
  over: () => {},
  ...more,
});

test('[L1] one inspector is attached while somebody watches, and none before and after', () => {
  const { actor, account } = inspectedActor();
  const watchers = new RoomWatchers(actor, () => {});
  const [one, other] = [watcher(), watcher()];
  const seen = [account.inspectors];
  for (const change of [
    () => watchers.add(one),
    () => watchers.add(other),
    () => watchers.remove(one),
    () => watchers.remove(one),
    () => watchers.remove(other),
    () => watchers.add(one),
    () => watchers.over(),
  ]) {
    change();
    seen.push(account.inspectors);
  }
  expect(seen).toEqual([0, 1, 1, 1, 1, 0, 1, 0]);
});

test('[L3] an exception of a watcher reaches neither the actor nor the other watchers', () => {
  const { actor } = inspectedActor();
  const failures: unknown[] = [];
  const watchers = new RoomWatchers(actor, (error) => void failures.push(error));
  const seen: unknown[] = [];
  const fail = (): never => {
    throw new Error('a bad watcher');
  };
  watchers.add(watcher({ began: fail }));
  watchers.add(watcher({ stepped: fail }));
  watchers.add(watcher({ stepped: ({ event, snapshot }) => void seen.push([event.type, snapshot.value]) }));
  actor.send({ type: 'user.joined', id: 'a', name: 'a', meetingId: 'm' });
  actor.send({ type: 'user.left', id: 'a', reason: 'left' });
  expect(seen).toEqual([
    ['user.joined', 'active'],
    ['user.left', 'idle'],
  ]);
  expect(failures.length).toBe(2);
  expect(actor.getSnapshot().status).toBe('active');
});
