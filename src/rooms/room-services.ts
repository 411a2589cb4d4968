import { fromCallback, fromPromise } from 'xstate';
import type { AiSession } from '../../machines/room.context.ts';
import type { RoomEvent } from '../../machines/room.events.ts';
import type { RoomMachine } from '../../machines/room.machine.ts';
import type { HoldVoiceInput, OpenVoiceInput, RouteAudioInput } from '../../machines/room.setup.ts';
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
export function bindRoomMachine(machine: RoomMachine, voice: Voice, delays: RoomDelays): RoomMachine {
  return machine.provide({
    delays,
    actors: {
      openVoice: fromPromise<AiSession, OpenVoiceInput>(async ({ input, signal }) => {
        const session = await voice.open(input, signal);
        // The room may have given up in the same turn in which the call opened; then nobody else will close it. The
        // listener covers a cancel that arrives between this line and the machine's taking the result: on success the
        // signal never aborts, and `holdVoice` owns the call from there.
        if (signal.aborted) voice.close(session);
        else signal.addEventListener('abort', () => voice.close(session), { once: true });
        return session;
      }),
      routeAudio: fromPromise<void, RouteAudioInput>(({ input, signal }) => voice.route(input, signal)),
      holdVoice: fromCallback<RoomEvent, HoldVoiceInput>(({ input, sendBack }) => {
        try {
          const unsubscribe = voice.onEnded(input.session, () => sendBack({ type: 'ai.ended' }));
          return () => {
            unsubscribe();
            voice.close(input.session);
          };
        } catch (error) {
          // XState runs no clean-up for a callback that failed to start.
          voice.close(input.session);
          throw error;
        }
      }),
    },
  });
}
