import type { ConnectionState } from '../../client/index.ts';
import type { DeviceProblem, MediaState } from '../../client/media/index.ts';

/** How many people there are, or that the connection is not what it should be. */
export function statusText({ status }: ConnectionState, people: number): string {
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
