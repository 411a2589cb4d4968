import { Buffer } from 'node:buffer';

/**
 * The people of a measurement. Ids start with their number, so that the state lists them in that order; everything about them
 * has the same length, so that frames of the same kind have the same size.
 */
export type Person = { readonly room: string; readonly id: string; readonly name: string };

/** Where the load writes the number of a frame. */
export const NUMBER = '########';

const digits = (index: number): string => String(index).padStart(5, '0');

const idOf = (index: number): string => `${digits(index)}-0000-4000-8000-${'a'.repeat(15)}`;
const nameOf = (index: number): string => `Participant ${digits(index)}`;

/** So many people in rooms of so many, those of a room side by side. */
export const people = (count: number, roomSize: number): readonly Person[] =>
  Array.from({ length: count }, (_, index) => ({
    room: `room-${digits(Math.floor(index / roomSize))}`,
    id: idOf(index),
    name: nameOf(index),
  }));

/** What stands before the number of a person's last change, in the change and in every state after it. */
export const changeMarker = (index: number): string => `"transceiverSessionId":"${digits(index)}-`;

const SESSION = 'f'.repeat(50);
const TRACKS = `{"audioEnabled":true,"audioUnavailable":false,"videoEnabled":true,"screenShareEnabled":false,"audio":"${'f'.repeat(64)}/${'a'.repeat(36)}","video":"${'f'.repeat(64)}/${'b'.repeat(36)}"}`;

const presence = (index: number, speaking: boolean): string =>
  `"joined":true,"raisedHand":${!speaking},"speaking":${speaking},${changeMarker(index)}${NUMBER}${SESSION}","tracks":${TRACKS}`;

/** A change of about 500 bytes: `speaking` toggles, and `raisedHand` against it, so that the size stays. */
export const changes = (index: number): readonly [string, string] => [
  `{"type":"userUpdate","user":{${presence(index, true)}}}`,
  `{"type":"userUpdate","user":{${presence(index, false)}}}`,
];

/** What stands at the start of a person's record, in its own changes and in what shows them. */
export const recordMarker = (index: number): string => `"id":"${idOf(index)}"`;

/** As a stock client says that its person speaks, or not: the whole record, in which nothing else changes. */
export function toggles(index: number): readonly [string, string] {
  const [on, off] = [true, false].map(
    (speaking) =>
      `{"type":"userUpdate","user":{${recordMarker(index)},"name":"${nameOf(index)}","joined":true,"raisedHand":false,"speaking":${speaking},"transceiverSessionId":"${'f'.repeat(64)}","tracks":${TRACKS}}}`,
  );
  return [on ?? '', off ?? ''];
}

/** A change that changes nothing from the second time on. */
export const sameAgain = (index: number): string => changes(index)[0].replace(NUMBER, '00000000');

/** The whole state of a room of so many, in bytes. */
export function stateBytes(users: number): number {
  const [person] = people(1, 1);
  const user = `{"id":"${person?.id}","name":"${person?.name}",${presence(0, true)}},`;
  const meetingId = crypto.randomUUID();
  const head = `{"type":"roomState","state":{"ai":{"enabled":false},"meetingId":"${meetingId}","users":[`;
  return Buffer.byteLength(head) + users * Buffer.byteLength(user) - 1 + ']}}'.length;
}

/** What stands before the number of a relay, or of a message to one. */
export const RELAY_MARKER = '"n":"';

/** A relay of so many bytes in all. */
export function relay(bytes: number): string {
  const [head, tail] = [`{"type":"e2eeMlsMessage",${RELAY_MARKER}${NUMBER}","p":"`, '"}'];
  return head + 'x'.repeat(Math.max(0, bytes - head.length - tail.length)) + tail;
}

export const HEARTBEAT = '{"type":"heartbeat"}';
export const PING = '{"type":"partyserver-ping"}';
