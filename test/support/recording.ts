import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** Recordings of the original room server, one scenario a file; cut down to what a replay uses. */
const FOLDER = join(import.meta.dirname, '../transcripts');

/** The recorder's last note: it ends what is still open, and says nothing of the server any more. */
const END_NOTE = 'end of scenario';

/** A frame as parsed JSON. */
export type Frame = { readonly type: string } & Readonly<Record<string, unknown>>;

/** Checks without copying: a copy made by a schema has its keys in another order. */
const frameSchema = z.custom<Frame>((value) => z.object({ type: z.string() }).safeParse(value).success);

const moment = z.object({ t: z.number(), conn: z.string() });
const eventSchema = z.discriminatedUnion('ev', [
  moment.extend({ ev: z.literal('connect'), url: z.string() }),
  moment.extend({ ev: z.literal('upgrade'), headers: z.record(z.string(), z.string()) }),
  moment.extend({ ev: z.literal('http-response'), status: z.number(), body: z.string() }),
  moment.extend({ ev: z.literal('recv'), json: frameSchema }),
  /** One of `json`, `text`, and `binary`, which is a length. */
  moment.extend({
    ev: z.literal('send'),
    json: z.unknown().optional(),
    text: z.string().optional(),
    binary: z.number().optional(),
  }),
  moment.extend({
    ev: z.literal('client-close'),
    code: z.number().optional(),
    reason: z.string().optional(),
  }),
  moment.extend({ ev: z.literal('tcp-drop') }),
  moment.extend({ ev: z.literal('close'), code: z.number(), reason: z.string() }),
  moment.extend({ ev: z.literal('note'), text: z.string() }),
]);

/** What happened at time `t` (ms) on the connection named `conn`; in the order of the recording. */
export type RecordedEvent = z.infer<typeof eventSchema>;

const recordingSchema = z.object({
  scenario: z.string(),
  description: z.string(),
  /** By name; `id` and URLs hold placeholders such as `<id:A>`, which several connections may share. */
  connections: z.record(z.string(), z.object({ id: z.string(), name: z.string() })),
  events: z.array(eventSchema),
});
export type Recording = z.infer<typeof recordingSchema>;

/** What one connection saw at time `at`. A connection that was still open at the end has neither of the last two. */
export type Seen = { readonly at: number } & (
  | { readonly opened: { readonly protocol: string; readonly extensions: string } }
  | { readonly frame: Frame }
  /** An MLS message, as text: it is passed on without being read, so the order of its keys counts. */
  | { readonly relayed: string }
  | { readonly closed: { readonly code: number; readonly reason: string } }
  | { readonly refused: { readonly status: number; readonly body: string } }
);

/** All that each connection saw, by the connection's name. */
export type Outcomes = Readonly<Record<string, readonly Seen[]>>;

/** The names of all recordings there are. */
export const recordingNames = (): string[] =>
  readdirSync(FOLDER)
    .map((file) => file.replace(/\.json$/, ''))
    .sort();

/** Reads a recording; its times count from its first event. */
export function loadRecording(name: string): Recording {
  const text = readFileSync(join(FOLDER, `${name}.json`), 'utf8');
  const recording = recordingSchema.parse(JSON.parse(text));
  const start = recording.events[0]?.t ?? 0;
  return { ...recording, events: recording.events.map((event) => ({ ...event, t: event.t - start })) };
}

/** The events of one kind, in order. */
export function eventsOf<K extends RecordedEvent['ev']>(
  recording: Recording,
  kind: K,
): Extract<RecordedEvent, { ev: K }>[] {
  return recording.events.filter((event): event is Extract<RecordedEvent, { ev: K }> => event.ev === kind);
}

/** For what a recording must hold; fails the test when it does not. */
export function needed<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The recording lacks what is looked for');
  return value;
}

/** The placeholder of a connection's id. */
export const idOf = (recording: Recording, conn: string): string => needed(recording.connections[conn]).id;

export const connectedAt = (recording: Recording, conn: string): number =>
  needed(eventsOf(recording, 'connect').find((event) => event.conn === conn)).t;

/** A message as a client sent it. */
export type Sent = {
  readonly at: number;
  readonly conn: string;
  readonly message: Readonly<Record<string, unknown>>;
};

/** The messages of one type that were sent on `conn`, or on any connection, in order. */
export function sentMessages(recording: Recording, type: string, conn?: string): Sent[] {
  return eventsOf(recording, 'send')
    .filter((event) => conn === undefined || event.conn === conn)
    .flatMap((event) => {
      const parsed = frameSchema.safeParse(event.json);
      return parsed.success && parsed.data.type === type
        ? [{ at: event.t, conn: event.conn, message: parsed.data }]
        : [];
    });
}

/** When the scenario was over. */
export function endOf(recording: Recording): number {
  return needed(eventsOf(recording, 'note').find(({ text }) => text.startsWith(END_NOTE))).t;
}

/** A text frame as a client sees it. */
export function seenText(at: number, text: string): Seen {
  const frame = frameSchema.parse(JSON.parse(text));
  return frame.type === 'e2eeMlsMessage' ? { at, relayed: text } : { at, frame };
}

/** What the original's clients saw. */
export function recordedOutcomes(recording: Recording): Outcomes {
  const end = endOf(recording);
  const closing = new Set(eventsOf(recording, 'client-close').map(({ conn }) => conn));
  const toSeen = (event: RecordedEvent): Seen[] => {
    const at = event.t;
    switch (event.ev) {
      case 'upgrade': {
        const protocol = event.headers['sec-websocket-protocol'] ?? '';
        return [{ at, opened: { protocol, extensions: event.headers['sec-websocket-extensions'] ?? '' } }];
      }
      case 'http-response':
        return [{ at, refused: { status: event.status, body: event.body } }];
      case 'recv':
        return [seenText(at, JSON.stringify(event.json))];
      case 'close': {
        // After the end it is the recorder that closes, unless the client had begun to and was never answered.
        const { code, reason } = event;
        return at < end || closing.has(event.conn) ? [{ at, closed: { code, reason } }] : [];
      }
      default:
        return [];
    }
  };
  return Object.fromEntries(
    Object.keys(recording.connections).map((name) => [
      name,
      recording.events.filter(({ conn }) => conn === name).flatMap(toSeen),
    ]),
  );
}

/**
 * An id for each placeholder, such that they sort as the ids of the recording did: users stand in the order of their
 * ids, and the ids of the recording are not known any more.
 */
export function concreteIds(recording: Recording): ReadonlyMap<string, string> {
  const orders = eventsOf(recording, 'recv').flatMap(({ json }) => {
    const state = roomState(json);
    return state === undefined ? [] : [state.users.map(({ id }) => id)];
  });
  const isBefore = (a: string, b: string): boolean =>
    orders.some((ids) => ids.includes(a) && ids.indexOf(a) < ids.indexOf(b));
  const waiting = new Set(
    Object.values(recording.connections)
      .map(({ id }) => id)
      .sort(),
  );
  const result = new Map<string, string>();
  while (waiting.size > 0) {
    const next = [...waiting].find((id) => ![...waiting].some((other) => isBefore(other, id)));
    if (next === undefined) throw new Error(`${recording.scenario}: users stand in no one order`);
    waiting.delete(next);
    result.set(next, `${result.size}-${next.replace(/[<>]/g, '')}`);
  }
  return result;
}

const stateSchema = z.object({
  meetingId: z.string(),
  users: z.array(z.object({ id: z.string(), name: z.string() })),
});

/** A participant in a state: what a comparison needs to know of it, and all the rest. */
export type User = { readonly id: string; readonly name: string } & Readonly<Record<string, unknown>>;
export type State = {
  readonly meetingId: string;
  readonly users: readonly User[];
} & Readonly<Record<string, unknown>>;

/** The state in a `roomState` frame, whole; `undefined` for other frames, and for one that is malformed. */
export function roomState({ type, state }: Frame): State | undefined {
  if (type !== 'roomState' || !stateSchema.safeParse(state).success) return undefined;
  return state as State;
}
