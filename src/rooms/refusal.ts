import type { ErrorCode } from '../errors.ts';
import type { Authorize, Role } from '../identity/authorize.ts';
import type { ClientMessage } from '../protocol/codec.ts';
import type { Track } from '../protocol/messages.ts';

/** Why a message does not become an event, if so: its sender may not say it, or not about this. [I6, V8] */
export function refusalOf(
  { id, role, owner }: { readonly id: string; readonly role: Role; readonly owner: string },
  message: ClientMessage,
  authorize: Authorize,
  ownsTrack: (owner: string, track: Track) => boolean,
): ErrorCode | undefined {
  const target = message.type !== 'muteUser' || message.id === id ? 'own' : 'others';
  if (!authorize(role, message.type, target)) return 'not_allowed';
  // A user's own connection to the AI is found by the user, and so needs no proof.
  if (message.type !== 'requestAiControl' || message.track === undefined) return undefined;
  return ownsTrack(owner, message.track) ? undefined : 'track_not_yours';
}
