import { newUser } from '../../machines/room.context.ts';
import { endOfTurn } from './fake-clock.ts';
import { FakeRooms, type FakeConnection } from './fake-room.ts';

export const presence = { joined: true, raisedHand: false, speaking: false, tracks: {} };
export const update = (change: object = {}) => ({ type: 'userUpdate', user: { ...presence, ...change } });
export const user = (id: string, change?: object) =>
  change === undefined ? newUser(id, `${id}'s name`) : { id, name: `${id}'s name`, ...presence, ...change };
export const state = (...users: object[]) => ({
  type: 'roomState',
  state: { ai: { enabled: false }, meetingId: 'meeting-1', users },
});
export const left = (id: string) => ({ type: 'userLeftNotification', id });
export const mls = (n: number) => ({ type: 'e2eeMlsMessage', n });

/** A room with these users, after their first states. */
export async function roomOf<Ids extends string[]>(
  ids: [...Ids],
  settings = {},
): Promise<[FakeRooms, ...{ [K in keyof Ids]: FakeConnection }]> {
  const rooms = new FakeRooms(settings);
  const connections = ids.map((id) => rooms.join(id));
  await endOfTurn();
  for (const connection of connections) connection.take();
  return [rooms, ...connections] as [FakeRooms, ...{ [K in keyof Ids]: FakeConnection }];
}
