import { createHmac } from 'node:crypto';
import type { AnyEventObject } from 'xstate';
import type { AiInvitation, AiSession, RoomContext } from '../../machines/room.context.ts';
import type { RoomEvent } from '../../machines/room.events.ts';
import type { Presence, Track, User } from '../protocol/messages.ts';

/** A room's data as an onlooker may see it. JSON, with the users in their order. */
export type SeenContext = Omit<RoomContext, 'users'> & { readonly users: readonly User[] };

const MASK_LENGTH = 8;
const MAX_REMEMBERED = 10_000;

/**
 * Hides what would let an onlooker listen, read along, or take somebody's place: media paths, words, logins. Equal things
 * stay equal and different ones different, so that the machine decides the same about what is masked: a trace can be
 * replayed. Names are not masked here, but hidden as it is shown, unless asked for.
 */
export class Mask {
  readonly #key: string;
  readonly #users = new WeakMap<User, User>();
  /** Every update says the same paths again, and a hash costs as much as all else of a step. */
  readonly #hidden = new Map<string, string>();

  /** @param key - another one in each process: what was seen in two cannot be put together */
  constructor(key: string) {
    this.#key = key;
  }

  context({ users, invitation, session, ...rest }: RoomContext): SeenContext {
    return {
      ...rest,
      users: [...users.values()].map((user) => this.user(user)),
      invitation: invitation && this.#invitation(invitation),
      session: session && this.#session(session),
    };
  }

  /** The same object for the same one: users are immutable. */
  user(user: User): User {
    const known = this.#users.get(user);
    if (known !== undefined) return known;
    const { id, name, ...presence } = user;
    const masked = { id, name, ...this.#presence(presence) };
    this.#users.set(user, masked);
    return masked;
  }

  /** An event that the room's machine has taken in. Of one that is not known here the name alone is left. */
  event(event: RoomEvent | AnyEventObject): AnyEventObject {
    return isRoomEvent(event) ? this.#roomEvent(event) : this.#serviceEvent(event);
  }

  #roomEvent(event: RoomEvent): AnyEventObject {
    switch (event.type) {
      case 'user.updated':
        return { ...event, presence: this.#presence(event.presence) };
      case 'room.restored':
        return { ...event, users: event.users.map((user) => this.user(user)) };
      case 'message.deliver':
        return { ...event, messageJson: withoutWords(event.messageJson) };
      case 'message.relay':
        return { ...event, frame: withoutWords(event.frame) };
      case 'ai.enable': {
        const { type, ...invitation } = event;
        return { type, ...this.#invitation(invitation) };
      }
      case 'ai.connect':
        return { ...event, offer: withoutWords(event.offer) };
      case 'ai.control.request':
        return { ...event, track: event.track && this.#track(event.track) };
      default:
        return event;
    }
  }

  /** What services end with: an open call, or why there is none. */
  #serviceEvent(event: AnyEventObject): AnyEventObject {
    const { type, output, error } = event;
    if (isSession(output)) return { type, output: this.#session(output) };
    if (typeof error !== 'object' || error === null) return { type };
    const { failure, code } = error as { failure?: unknown; code?: unknown };
    return {
      type,
      error: {
        ...(typeof failure === 'string' && { failure }),
        ...(typeof code === 'string' && { code }),
      },
    };
  }

  #invitation({ instructions, owner, ...rest }: AiInvitation): AiInvitation {
    return {
      ...rest,
      owner: this.#hide(owner),
      ...(instructions !== undefined && { instructions: withoutWords(instructions) }),
    };
  }

  #session({ sessionId, callId, trackName }: AiSession): AiSession {
    return { sessionId: this.#hide(sessionId), callId: this.#hide(callId), trackName };
  }

  #track({ sessionId, trackName, ...rest }: Track): Track {
    return { ...rest, sessionId: this.#hide(sessionId), trackName: this.#hide(trackName) };
  }

  #presence({ transceiverSessionId, tracks, ...rest }: Presence): Presence {
    const { audio, video, screenshare, ...switches } = tracks;
    return {
      ...rest,
      ...(transceiverSessionId !== undefined && { transceiverSessionId: this.#hide(transceiverSessionId) }),
      tracks: {
        ...switches,
        ...(audio !== undefined && { audio: this.#hide(audio) }),
        ...(video !== undefined && { video: this.#hide(video) }),
        ...(screenshare !== undefined && { screenshare: this.#hide(screenshare) }),
      },
    };
  }

  #hide(text: string): string {
    if (text === '') return '';
    const known = this.#hidden.get(text);
    if (known !== undefined) return known;
    const hidden = createHmac('sha256', this.#key).update(text).digest('hex').slice(0, MASK_LENGTH);
    if (this.#hidden.size >= MAX_REMEMBERED) this.#hidden.clear();
    this.#hidden.set(text, hidden);
    return hidden;
  }
}

const withoutWords = (text: string | undefined): string =>
  text === undefined ? '' : `(${text.length} characters)`;

/** XState's own events begin with its name; no event of a room does. */
const isRoomEvent = (event: RoomEvent | AnyEventObject): event is RoomEvent =>
  !event.type.startsWith('xstate.');

const isSession = (output: unknown): output is AiSession =>
  typeof output === 'object' && output !== null && 'sessionId' in output && 'callId' in output;

/** Text of a JSON value with people's names in it, or without. */
export function toText(value: unknown, withNames: boolean): string {
  return JSON.stringify(value, withNames ? undefined : hideName);
}

const hideName = (key: string, value: unknown): unknown =>
  key === 'name' && typeof value === 'string' ? '•••' : value;
