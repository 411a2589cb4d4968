import type { ConnectionState, RoomError } from '../../client/index.ts';
import type { DeviceProblem, MediaState } from '../../client/media/index.ts';

/** How many people there are, or that the connection is not what it should be. */
export function statusText({ status }: ConnectionState, people: number, isOnline: boolean): string {
  if (!isOnline) return 'You are offline. You will be back by yourself.';
  if (status === 'connecting') return 'Connecting…';
  if (status === 'reconnecting') return 'The connection is lost. Trying again…';
  return people <= 1 ? 'You are alone here.' : `${people} people are here.`;
}

const WHAT_TO_DO: Readonly<Record<DeviceProblem, string>> = {
  denied: 'is blocked. Allow it in the browser’s address bar, then turn it on again.',
  none: 'was not found, or another program is using it. Connect one, or close that program.',
  insecure: 'needs a secure address. Open this page with https.',
  failed: 'does not work. Choose another one, or connect it again.',
};

/** What is wrong with the devices, and what helps. */
export function deviceNotices({ microphone, camera, screen }: MediaState): string[] {
  const notices: string[] = [];
  if (microphone.problem !== undefined) notices.push(`The microphone ${WHAT_TO_DO[microphone.problem]}`);
  if (camera.problem !== undefined) notices.push(`The camera ${WHAT_TO_DO[camera.problem]}`);
  if (screen.problem !== undefined && screen.problem !== 'denied')
    notices.push(
      'The screen could not be shared. Try again, or choose a window in place of the whole screen.',
    );
  return notices;
}

/** Who is in a call, for somebody who is about to join. */
export function whoIsHere(names: readonly string[]): string {
  const [first, second, ...rest] = names;
  if (first === undefined) return 'Nobody is here yet.';
  if (second === undefined) return `${first} is here.`;
  if (rest.length === 0) return `${first} and ${second} are here.`;
  return `${first}, ${second} and ${rest.length} more are here.`;
}

type Talking = {
  readonly isWanted: boolean;
  readonly isMine: boolean;
  /** To whom the AI listens. */
  readonly holder: string | undefined;
};

/** What the button for talking to the AI says. */
export function talkText({ isWanted, isMine, holder }: Talking): string {
  if (isWanted) return isMine ? 'The AI listens to you' : 'Asking the AI to listen…';
  return holder === undefined || isMine ? 'Hold to talk to the AI' : `${holder} talks to the AI`;
}

const AI_FAILURES: Readonly<Record<string, string>> = {
  'No AI is configured on this server': 'This server has no AI. Whoever runs it can add one.',
  "The AI service refuses this server's account (its key, its quota or its model)":
    'The AI service refuses this server. Whoever runs it has to look at its key and its quota.',
  'Error establishing connection with AI': 'The AI could not be reached. Try again in a moment.',
  'The connection with the AI was lost': 'The AI has lost its connection. Invite it again.',
};

/** Why there is no AI, with what helps. */
export const aiFailureText = (error: string): string => AI_FAILURES[error] ?? error;

const REFUSALS: { readonly [Code in NonNullable<RoomError['code']>]?: string } = {
  ai_control_held: 'Somebody else is talking to the AI. Try again when they have finished.',
  ai_control_pending: 'Somebody else is about to talk to the AI. Try again when they have finished.',
  ai_control_failed: 'The AI cannot hear you. Let go, and try again in a moment.',
  ai_not_active: 'The AI is not here any more.',
  user_away: 'They have lost their connection. Try again in a moment.',
  user_not_found: 'They are not here any more.',
  rate_limited: 'That was too much at once. Try again in a moment.',
  not_allowed: 'You are not allowed to do that in this room.',
  too_many_requests: 'That was too much at once. Try again in a moment.',
};

/** What the server did not do, for whoever asked for it; nothing where nobody misses it. */
export function refusalText({ code, text }: RoomError): string | undefined {
  // Who lets go too late has lost nothing.
  if (code === 'ai_control_not_yours') return undefined;
  return (code === undefined ? undefined : REFUSALS[code]) ?? `${text}.`;
}

type MediaTrouble = {
  readonly hasFailed: boolean;
  readonly isMissing: boolean;
  readonly isCutOff: boolean;
};

/** Why nobody is heard or seen, and what can be done all the same. */
export function mediaNotice({ hasFailed, isMissing, isCutOff }: MediaTrouble): string | undefined {
  if (hasFailed) return 'Sound and picture could not be loaded. Load this page again in a moment.';
  if (isMissing)
    return 'This server has no media server yet: you see who is here, and neither hear nor see them.';
  if (isCutOff)
    return 'Sound and picture have no connection, and are being tried again. Until then you see who is here, and can raise your hand and send messages.';
  return undefined;
}

export type Quality = 'good' | 'weak' | 'bad' | 'none';

/** How good one's own connection for sound and picture is. */
export const QUALITY_WORDS: Readonly<Record<Quality, string>> = {
  good: 'Good connection',
  weak: 'Weak connection',
  bad: 'Bad connection',
  none: 'No sound and picture',
};

/** The AI, or what stands in for it, by the name that it has in the room. */
export const assistantName = ({ standIn }: { readonly standIn: boolean }): string =>
  standIn ? 'Echo (no AI configured)' : 'AI';
