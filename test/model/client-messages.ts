import type { RoomEvent } from '../../machines/room.events.ts';

/** What reaches a room otherwise than by a message. */
type Otherwise = 'user.joined' | 'room.restored' | 'ai.ended';
export type Said = Exclude<RoomEvent, { type: Otherwise }>;

/** Who says it, and what it says: the wire's words for an event. */
export function messageOf(event: Said): { readonly by: string; readonly message: object } {
  switch (event.type) {
    case 'user.updated':
      return { by: event.id, message: { type: 'userUpdate', user: event.presence } };
    case 'user.left':
      return { by: event.id, message: { type: 'userLeft' } };
    case 'user.mute':
      return { by: event.by, message: { type: 'muteUser', id: event.id } };
    case 'message.deliver': {
      const message: unknown = JSON.parse(event.messageJson ?? 'null');
      return { by: event.by, message: { type: 'directMessage', to: event.to, message } };
    }
    case 'message.relay':
      return { by: event.by, message: JSON.parse(event.frame) as object };
    case 'ai.enable': {
      const { voice, instructions } = event;
      return { by: event.by, message: { type: 'enableAi', voice, instructions } };
    }
    case 'ai.disable':
      return { by: event.by, message: { type: 'disableAi' } };
    case 'ai.connect':
      return { by: event.by, message: { type: 'establishAiPeerConnection', sdp: event.offer } };
    case 'ai.control.request':
      return { by: event.by, message: { type: 'requestAiControl', track: event.track ?? undefined } };
    case 'ai.control.release':
      return { by: event.by, message: { type: 'relenquishAiControl' } };
  }
}
