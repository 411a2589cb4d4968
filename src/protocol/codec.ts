import { ERRORS, type ErrorCode } from '../errors.ts';
import { clientMessageSchema, type ClientMessageType, type Presence, type Track } from './messages.ts';

/**
 * A client's message after the boundary. Parts that are passed on unread (`message` of a direct message, a whole MLS
 * message) are already JSON text: serialising them here, where a failure has a sender to tell, keeps a value that
 * cannot be written (nested too deeply) from failing a room later.
 */
export type ClientMessage =
  | { readonly type: 'userUpdate'; readonly presence: Presence }
  | { readonly type: 'directMessage'; readonly to: string; readonly messageJson: string | undefined }
  | { readonly type: 'muteUser'; readonly id: string }
  | { readonly type: 'userLeft' }
  | { readonly type: 'heartbeat' }
  | { readonly type: 'enableAi'; readonly voice?: string; readonly instructions?: string }
  | { readonly type: 'disableAi' }
  | { readonly type: 'establishAiPeerConnection'; readonly sdp: string }
  | { readonly type: 'requestAiControl'; readonly track?: Track }
  | { readonly type: 'relenquishAiControl' }
  | { readonly type: 'callsApiHistoryEntry' }
  | { readonly type: 'e2eeMlsMessage'; readonly frame: string }
  | { readonly type: 'partyserver-ping' }
  | { readonly type: 'resync' };

export type Decoded =
  { readonly ok: true; readonly message: ClientMessage } | { readonly ok: false; readonly code: ErrorCode };

/** What the stock client sends every 5 s, to the letter: nearly all frames of a quiet meeting. */
const HEARTBEAT_TEXT = '{"type":"heartbeat"}';
const HEARTBEAT: Decoded = { ok: true, message: { type: 'heartbeat' } };

/**
 * Longest frame by type, in UTF-16 units. Only MLS messages (key packages, commits of large groups) may use all of the
 * socket's limit; a direct message or a user record of that size would be copied to people who never asked for it.
 */
const MAX_LENGTH: Readonly<Record<ClientMessageType, number>> = {
  userUpdate: 8_192,
  directMessage: 65_536,
  muteUser: 1_024,
  userLeft: 1_024,
  heartbeat: 1_024,
  enableAi: 65_536,
  disableAi: 1_024,
  establishAiPeerConnection: 16_384,
  requestAiControl: 4_096,
  relenquishAiControl: 1_024,
  callsApiHistoryEntry: Number.POSITIVE_INFINITY,
  e2eeMlsMessage: Number.POSITIVE_INFINITY,
  'partyserver-ping': 1_024,
  resync: 1_024,
};

const KNOWN_TYPES: ReadonlySet<unknown> = new Set(Object.keys(MAX_LENGTH));

const refusal = (code: ErrorCode): Decoded => ({ ok: false, code });

const typeOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined;

/** Reads one text frame. Total: any text gives a message or a code, never a throw. */
export function decode(text: string): Decoded {
  if (text === HEARTBEAT_TEXT) return HEARTBEAT;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refusal('invalid_json');
  }
  // Asked first so that a forged name (`xstate.stop`) is told from a wrong shape, and never becomes an event's name.
  if (!KNOWN_TYPES.has(typeOf(value))) return refusal('unknown_message_type');
  const parsed = clientMessageSchema.safeParse(value);
  if (!parsed.success) return refusal('invalid_message');
  if (text.length > MAX_LENGTH[parsed.data.type]) return refusal('message_too_large');
  try {
    return { ok: true, message: toClientMessage(parsed.data, value) };
  } catch {
    // JSON.stringify of a value nested a hundred thousand levels deep overflows the stack.
    return refusal('invalid_message');
  }
}

function toClientMessage(
  data: ReturnType<typeof clientMessageSchema.parse>,
  original: unknown,
): ClientMessage {
  switch (data.type) {
    case 'userUpdate':
      return { type: 'userUpdate', presence: data.user };
    case 'directMessage':
      return { type: 'directMessage', to: data.to, messageJson: JSON.stringify(data.message) };
    case 'e2eeMlsMessage':
      // Relayed whole, unknown fields and key order included, as the original does.
      return { type: 'e2eeMlsMessage', frame: JSON.stringify(original) };
    case 'enableAi':
      return {
        type: 'enableAi',
        ...(data.voice !== undefined && { voice: data.voice }),
        ...(data.instructions !== undefined && { instructions: data.instructions }),
      };
    case 'requestAiControl':
      return { type: 'requestAiControl', ...(data.track !== undefined && { track: data.track }) };
    default:
      return data;
  }
}

/** The frames without parameters, and those whose text is known in advance. */
export const MUTE_MIC_FRAME = '{"type":"muteMic"}';
export const PONG_FRAME = '{"type":"partyserver-pong"}';

export const userLeftFrame = (id: string): string =>
  `{"type":"userLeftNotification","id":${JSON.stringify(id)}}`;

/** @param messageJson - JSON text; absent when the sender gave no `message`, and then absent here. */
export const directMessageFrame = (from: string, messageJson: string | undefined): string =>
  messageJson === undefined
    ? `{"type":"directMessage","from":${JSON.stringify(from)}}`
    : `{"type":"directMessage","from":${JSON.stringify(from)},"message":${messageJson}}`;

/** The answer to `establishAiPeerConnection`, byte for byte as the SFU gave it. */
export const aiSdpFrame = (sdp: string): string => `{"type":"aiSdp","sdp":${JSON.stringify(sdp)}}`;

/** The text comes from {@link ERRORS} alone: nothing a client sent is echoed. */
export const errorFrame = (code: ErrorCode): string =>
  `{"type":"error","error":${JSON.stringify(ERRORS[code].text)},"code":"${code}"}`;
