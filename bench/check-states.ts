import type { Participant, Plan } from './crowd.ts';
import type { RawSocket } from './raw-socket.ts';

/** So many faults are told in words; a run that fails at one connection often fails at all. */
const TOLD = 5;

/** Ids of the users in a `roomState` frame. */
function userIds(frame: Buffer): readonly string[] {
  const message = JSON.parse(frame.toString('utf8')) as {
    type?: unknown;
    state?: { users?: { id: string }[] };
  };
  if (message.type !== 'roomState') throw new Error(`The last frame is a ${String(message.type)}`);
  return (message.state?.users ?? []).map(({ id }) => id);
}

/** Whether a connection's last state lists who it should, once each, in the order of their ids. */
function listFault(frame: Buffer, expected: readonly string[]): string | undefined {
  try {
    const ids = userIds(frame);
    const same = ids.length === expected.length && ids.every((id, index) => id === expected[index]);
    return same
      ? undefined
      : `its last state lists ${ids.length} users, not the ${expected.length} there are`;
  } catch (error) {
    return `its last frame is no roomState: ${String(error)}`;
  }
}

/** All in one room: everybody's last state is the same, and lists all. Only one of the equal ones is parsed. */
function* sharedRoomFaults(
  participants: readonly Participant[],
  sockets: readonly RawSocket[],
): Generator<string> {
  const everybody = participants.map(({ id }) => id).sort();
  let good: Buffer | undefined;
  for (const [index, { reader }] of sockets.entries()) {
    const last = reader.lastText();
    if (good?.equals(last) === true) continue;
    const fault = listFault(last, everybody);
    if (fault === undefined) good = last;
    else yield `connection ${index + 1}: ${fault}`;
  }
}

function* ownRoomFaults(
  participants: readonly Participant[],
  sockets: readonly RawSocket[],
): Generator<string> {
  for (const [index, { reader }] of sockets.entries()) {
    const fault = listFault(reader.lastText(), [participants[index]?.id ?? '']);
    if (fault !== undefined) yield `connection ${index + 1}: ${fault}`;
  }
}

/** What is wrong with the states that the clients of a run have got. */
export function stateFaults(
  rooms: Plan['rooms'],
  participants: readonly Participant[],
  sockets: readonly RawSocket[],
  exactlyOne: boolean,
): readonly string[] {
  const counts = sockets.flatMap(({ reader: { textFrames } }, index) =>
    textFrames === 0 || (exactlyOne && textFrames > 1)
      ? [`connection ${index + 1}: it got ${textFrames} states${exactlyOne ? ', not one' : ''}`]
      : [],
  );
  const lists = rooms === 'shared' ? sharedRoomFaults : ownRoomFaults;
  const faults = [...counts, ...lists(participants, sockets)];
  const untold = faults.length - TOLD;
  return untold > 0 ? [...faults.slice(0, TOLD), `and ${untold} more`] : faults;
}
