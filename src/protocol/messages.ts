import { z } from 'zod';

/** Ids that would collide with the AI participant or with the language; no connection may use them. */
const RESERVED_IDS: ReadonlySet<string> = new Set(['ai', '__proto__', 'constructor', 'prototype']);

const CONTROL_CHARACTERS = /\p{Cc}/u;

/**
 * A connection id, the query parameter `_pk`: chosen by the client (partysocket makes a UUID) and used verbatim in
 * `roomState.users[].id`. 1 to 128 UTF-16 units without control characters. It identifies, but proves nothing.
 */
export const connectionIdSchema = z
  .string()
  .min(1)
  .max(128)
  .refine((id) => !CONTROL_CHARACTERS.test(id) && !RESERVED_IDS.has(id));

/** Where a track lives: the SFU session that publishes it and its name there. */
const trackSchema = z.object({
  location: z.enum(['local', 'remote']).optional(),
  sessionId: z.string().min(1).max(256),
  trackName: z.string().min(1).max(256),
});
export type Track = z.infer<typeof trackSchema>;

/** `"<sessionId>/<trackName>"`, as the stock client publishes a track to the others. */
const trackPathSchema = z.string().max(512);

/** What a user says of itself. Absent optional fields are absent on the wire too. Unknown fields are dropped. */
const presenceSchema = z.object({
  joined: z.boolean(),
  raisedHand: z.boolean(),
  speaking: z.boolean(),
  transceiverSessionId: z.string().max(256).optional(),
  tracks: z.object({
    audioEnabled: z.boolean().optional(),
    audioUnavailable: z.boolean().optional(),
    videoEnabled: z.boolean().optional(),
    screenShareEnabled: z.boolean().optional(),
    audio: trackPathSchema.optional(),
    video: trackPathSchema.optional(),
    screenshare: trackPathSchema.optional(),
  }),
});
export type Presence = z.infer<typeof presenceSchema>;

/** One participant as everybody sees it. `id` is its connection id, `name` comes from its login. */
export type User = { readonly id: string; readonly name: string } & Readonly<Presence>;

const MAX_INSTRUCTIONS_LENGTH = 16_384;

/** Voices of the AI. Source: openai-openapi 2.3.0, `VoiceIdsShared`. */
export const AI_VOICES = [
  'alloy',
  'ash',
  'ballad',
  'coral',
  'echo',
  'sage',
  'shimmer',
  'verse',
  'marin',
  'cedar',
] as const;

/**
 * What a client may send: the security boundary. What is not described here does not get further.
 * Source of names and shapes: Orange Meets, `app/types/Messages.ts`, as recorded on the wire.
 */
export const clientMessageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('userUpdate'), user: presenceSchema }),
  z.object({ type: z.literal('directMessage'), to: z.string().max(128), message: z.unknown().optional() }),
  z.object({ type: z.literal('muteUser'), id: z.string().max(128) }),
  z.object({ type: z.literal('userLeft') }),
  z.object({ type: z.literal('heartbeat') }),
  z.object({
    type: z.literal('enableAi'),
    voice: z.enum(AI_VOICES).optional(),
    instructions: z.string().max(MAX_INSTRUCTIONS_LENGTH).optional(),
  }),
  z.object({ type: z.literal('disableAi') }),
  z.object({ type: z.literal('establishAiPeerConnection'), sdp: z.string().min(1) }),
  z.object({ type: z.literal('requestAiControl'), track: trackSchema.optional() }),
  z.object({ type: z.literal('relenquishAiControl') }),
  z.object({ type: z.literal('callsApiHistoryEntry') }),
  z.object({ type: z.literal('e2eeMlsMessage') }),
  z.object({ type: z.literal('partyserver-ping') }),
  z.object({ type: z.literal('resync') }),
]);
export type ClientMessageType = z.infer<typeof clientMessageSchema>['type'];

/** The same as a type, for whoever writes a client. An MLS message is passed on with all its fields. */
export type ClientFrame =
  | Exclude<z.infer<typeof clientMessageSchema>, { type: 'e2eeMlsMessage' }>
  | { readonly type: 'e2eeMlsMessage'; readonly [field: string]: unknown };

/** The AI's part of a room's state, with the fields present that the original had present. */
export type AiState = {
  readonly enabled: boolean;
  /** Id of the user whose audio goes to the AI. */
  readonly controllingUser?: string;
  readonly connectionPending?: boolean;
  /** Why the last attempt to invite the AI failed, in words for people. */
  readonly error?: string;
};

/** The whole state of a room; `users` sorted by id, the AI participant (`id: "ai"`) last. */
export type RoomState = {
  readonly ai: AiState;
  readonly meetingId: string;
  readonly users: readonly User[];
};

/** A part of a user, as a JSON Merge Patch (RFC 7396): `null` takes a field away. A user who is new is whole. */
type UserPatch = { readonly id: string; readonly [field: string]: unknown };

/**
 * What has changed since the state with the number before, for clients that asked for it (`features=patch`). Users first
 * leave, then change or come; who is new stands at its place by id, the AI last.
 */
export type RoomPatch = {
  readonly type: 'roomPatch';
  readonly seq: number;
  readonly users?: { readonly upsert?: readonly UserPatch[]; readonly remove?: readonly string[] };
  readonly ai?: AiState;
  readonly meetingId?: string;
};

/** What the server may send. Each frame is one of these as JSON text. */
export type ServerMessage =
  /** With its place in the sequence for clients that take patches. */
  | {
      readonly type: 'roomState';
      readonly state: RoomState;
      readonly epoch?: string;
      readonly seq?: number;
    }
  | RoomPatch
  | { readonly type: 'userLeftNotification'; readonly id: string }
  | { readonly type: 'muteMic' }
  | { readonly type: 'directMessage'; readonly from: string; readonly message?: unknown }
  | { readonly type: 'e2eeMlsMessage'; readonly [key: string]: unknown }
  /** The SFU's answer to the offer of `establishAiPeerConnection`. */
  | { readonly type: 'aiSdp'; readonly sdp: string }
  | { readonly type: 'error'; readonly error: string; readonly code: string }
  | { readonly type: 'partyserver-pong' };
