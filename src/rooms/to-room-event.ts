import type { RoomEvent } from '../../machines/room.events.ts';
import type { ClientMessage } from '../protocol/codec.ts';

/**
 * The event a client's message stands for, or none. The one place where the wire's names become the machine's; `by` is
 * the connection's user, whatever the message says.
 */
export function toRoomEvent(
  { id: by, owner }: { readonly id: string; readonly owner: string },
  message: ClientMessage,
  asModerator: boolean,
): RoomEvent | undefined {
  switch (message.type) {
    case 'userUpdate':
      return { type: 'user.updated', id: by, presence: message.presence };
    case 'userLeft':
      return { type: 'user.left', id: by, reason: 'left' };
    case 'muteUser':
      return { type: 'user.mute', by, id: message.id };
    case 'directMessage':
      return { type: 'message.deliver', by, to: message.to, messageJson: message.messageJson };
    case 'e2eeMlsMessage':
      return { type: 'message.relay', by, frame: message.frame };
    case 'enableAi': {
      const { type: _, ...wishes } = message;
      return { type: 'ai.enable', by, owner, ...wishes };
    }
    case 'disableAi':
      return { type: 'ai.disable', by };
    case 'establishAiPeerConnection':
      return { type: 'ai.connect', by, offer: message.sdp };
    case 'requestAiControl':
      return { type: 'ai.control.request', by, track: message.track ?? null };
    case 'relenquishAiControl':
      return { type: 'ai.control.release', by, asModerator };
    // Answered by the host, or (the client's own log of SFU calls) of no use to a room.
    case 'heartbeat':
    case 'partyserver-ping':
    case 'callsApiHistoryEntry':
    case 'resync':
      return undefined;
  }
}

/** Events after which nothing but the state is sent: they may merge into a state that waits. */
const MERGING: ReadonlySet<RoomEvent['type']> = new Set([
  'user.joined',
  'user.updated',
  'ai.enable',
  'ai.disable',
]);

export const addsToState = ({ type }: RoomEvent): boolean => MERGING.has(type);
