import { createActor, fromCallback, fromPromise, type Actor } from 'xstate';
import type { AiSession } from '../../machines/room.context.ts';
import { toRoomState } from '../../machines/room.context.ts';
import type { RoomEffect, RoomEvent } from '../../machines/room.events.ts';
import { aiPhase, roomMachine, type RoomMachine } from '../../machines/room.machine.ts';
import type { HoldVoiceInput, OpenVoiceInput, RouteAudioInput } from '../../machines/room.setup.ts';
import type { Presence, RoomState } from '../../src/protocol/messages.ts';
import { endOfTurn, FakeClock } from './fake-clock.ts';

/** A service call that a test answers. */
export type Call<Input, Output> = {
  readonly input: Input;
  readonly signal: AbortSignal;
  readonly resolve: (output: Output) => void;
  readonly reject: (error: unknown) => void;
};

export const SESSION: AiSession = { sessionId: 'sfu-1', trackName: 'ai-generated-voice', callId: 'call-1' };
export const TRACK = { sessionId: 'sess-a', trackName: 'mic' } as const;

export const PRESENCE: Presence = {
  joined: true,
  raisedHand: false,
  speaking: false,
  transceiverSessionId: 'sess-a',
  tracks: { audioEnabled: true, audioUnavailable: false, videoEnabled: false, audio: 'sess-a/mic' },
};

/** The real machine with services in the test's hand, and everything it emitted. */
export class RoomUnderTest {
  readonly clock = new FakeClock();
  readonly effects: RoomEffect[] = [];
  readonly opens: Call<OpenVoiceInput, AiSession>[] = [];
  readonly routes: Call<RouteAudioInput, void>[] = [];
  /** Sessions held now; the hold service must give each back. */
  readonly held: AiSession[] = [];
  /** Whether the service that holds a call fails as it starts. */
  holdFails = false;
  endCall: () => void = () => {};
  readonly actor: Actor<RoomMachine>;

  constructor() {
    const machine = roomMachine.provide({
      actors: {
        openVoice: fromPromise<AiSession, OpenVoiceInput>(({ input, signal }) =>
          defer(this.opens, input, signal),
        ),
        routeAudio: fromPromise<void, RouteAudioInput>(({ input, signal }) =>
          defer(this.routes, input, signal),
        ),
        holdVoice: fromCallback<RoomEvent, HoldVoiceInput>(({ input, sendBack }) => {
          if (this.holdFails) throw new Error('the hold service failed');
          this.held.push(input.session);
          this.endCall = () => sendBack({ type: 'ai.ended' });
          return () => void this.held.splice(this.held.indexOf(input.session), 1);
        }),
      },
    });
    this.actor = createActor(machine, { clock: this.clock });
    this.actor.on('*', (effect) => void this.effects.push(effect));
    this.actor.start();
  }

  send(...events: RoomEvent[]): this {
    for (const event of events) this.actor.send(event);
    return this;
  }

  join(...ids: string[]): this {
    return this.send(
      ...ids.map((id) => ({ type: 'user.joined', id, name: `${id}'s name`, meetingId: `m-${id}` }) as const),
    );
  }

  /** Takes the effects so far. */
  take(): RoomEffect[] {
    return this.effects.splice(0);
  }

  get value(): unknown {
    return this.actor.getSnapshot().value;
  }

  /** What everybody sees. */
  get state(): RoomState {
    const snapshot = this.actor.getSnapshot();
    return toRoomState(aiPhase(snapshot), snapshot.context);
  }

  /** With the users of `ids` and an AI that is present. */
  static async withAi(...ids: string[]): Promise<RoomUnderTest> {
    const room = new RoomUnderTest()
      .join(...ids)
      .send({ type: 'ai.enable', by: ids[0] ?? '', owner: 'sid:a' });
    room.opens[0]?.resolve(SESSION);
    await endOfTurn();
    room.take();
    return room;
  }

  /** As {@link withAi}, with the first user in control. */
  static async withController(...ids: string[]): Promise<RoomUnderTest> {
    const room = await RoomUnderTest.withAi(...ids);
    room.send({ type: 'ai.control.request', by: ids[0] ?? '', track: TRACK });
    room.routes[0]?.resolve();
    await endOfTurn();
    room.take();
    return room;
  }
}

function defer<Input, Output>(
  calls: Call<Input, Output>[],
  input: Input,
  signal: AbortSignal,
): Promise<Output> {
  return new Promise((resolve, reject) => void calls.push({ input, signal, resolve, reject }));
}
