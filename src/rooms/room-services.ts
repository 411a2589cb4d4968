import { fromCallback, fromPromise } from 'xstate';
import type { AiSession } from '../../machines/room.context.ts';
import type { RoomEvent } from '../../machines/room.events.ts';
import type { RoomMachine, RoomSnapshot } from '../../machines/room.machine.ts';
import type { HoldVoiceInput, OpenVoiceInput, RouteAudioInput } from '../../machines/room.setup.ts';
import type { Clock } from '../clock.ts';
import type { Voice } from '../voice/voice.ts';

/** How long the states of a room last, in milliseconds. */
export type RoomDelays = {
  readonly emptyRoomGrace: number;
  readonly aiConnectTimeout: number;
  readonly aiRouteTimeout: number;
  readonly aiSessionLimit: number;
};

/**
 * The machine with its services bound. Called once per process: `provide` costs 17 kB and 170 µs, and every room can
 * share its result.
 */
export function bindRoomMachine(
  machine: RoomMachine,
  voice: Voice,
  delays: RoomDelays,
  clock: Pick<Clock, 'afterTurn'>,
): RoomMachine {
  /** Calls that are open and that no `holdVoice` has taken over. */
  const unheld = new Set<AiSession>();
  const closeUnheld = (session: AiSession): void => {
    if (unheld.delete(session)) voice.close(session);
  };
  return machine.provide({
    delays,
    actors: {
      openVoice: fromPromise<AiSession, OpenVoiceInput>(async ({ input, signal }) => {
        const session = await voice.open(input, signal);
        unheld.add(session);
        // The room may have given up in the turn in which the call opened, also between this line and its taking the
        // result; or it may fail while taking it, and then no signal aborts. By the end of the turn it holds the call,
        // or never will.
        if (signal.aborted) closeUnheld(session);
        else signal.addEventListener('abort', () => closeUnheld(session), { once: true });
        clock.afterTurn(() => closeUnheld(session));
        return session;
      }),
      routeAudio: fromPromise<void, RouteAudioInput>(({ input, signal }) => voice.route(input, signal)),
      holdVoice: fromCallback<RoomEvent, HoldVoiceInput>(({ input: { session }, sendBack }) => {
        // A start that throws leaves the call to `closeUnheld`: XState runs no clean-up for it.
        const unsubscribe = voice.onEnded(session, () => sendBack({ type: 'ai.ended' }));
        unheld.delete(session);
        return () => {
          voice.close(session);
          unsubscribe();
        };
      }),
    },
  });
}

/** XState stops a child by this event; its `stop` method is for root actors only. */
const STOP_CHILD = { type: 'xstate.stop' } as never;

/** Ends the services of a room that has failed: XState leaves them running, and the AI's call is one of them. */
export function stopServices({ children }: Pick<RoomSnapshot, 'children'>): void {
  for (const child of Object.values(children)) child?.send(STOP_CHILD);
}
