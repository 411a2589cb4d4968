import * as fc from 'fast-check';
import type { AiFailure } from '../../machines/room.context.ts';
import { SESSION } from '../support/room-actor.ts';
import { timesOf, type SpecEvent, type SpecState } from './spec-state.ts';
import { possible } from './walk-prefix.ts';
import { PEOPLE, presenceAgain, releasing, requests } from './walk-events.ts';
import { isAnswer, type ServiceAnswer } from './walk-services.ts';
import type { Walk } from './walk.ts';

type Command = fc.AsyncCommand<Walk, Walk>;

const command = (
  name: string,
  check: (state: SpecState) => boolean,
  run: (walk: Walk) => Promise<void> | void,
): Command => ({
  check: ({ state }) => check(state),
  run: async (walk) => run(walk),
  toString: () => name,
});

/** Whether a service runs that can give this answer. */
function awaited({ ai }: SpecState, answer: ServiceAnswer): boolean {
  if (answer.type.startsWith('call')) return ai.phase === 'connecting';
  if (ai.phase !== 'granting') return false;
  // The port's promise: only who named no track can lack a connection.
  return !('code' in answer) || answer.code !== 'ai_not_connected' || ai.track === null;
}

const play = (event: SpecEvent, check: (state: SpecState) => boolean): Command =>
  command(JSON.stringify(event), check, async (walk) => walk.play(event));

const ask = (event: SpecEvent): Command => ({
  check: always,
  run: async (walk) => walk.play(event),
  toString: () => JSON.stringify(event),
});

const session = fc.constantFrom(SESSION, { sessionId: 'sfu-2', trackName: 'ai', callId: '' });
const failure = fc.constantFrom<AiFailure>('not_configured', 'refused', 'unavailable', 'timed_out', 'ended');
const opened = session.map((session): ServiceAnswer => ({ type: 'call.opened', session }));
const routed = fc.constant<ServiceAnswer>({ type: 'route.done' });
const failed: fc.Arbitrary<ServiceAnswer> = fc.oneof(
  failure.map((failure) => ({ type: 'call.failed', failure }) as const),
  fc
    .constantFrom('ai_control_failed' as const, 'ai_not_connected' as const, 'track_not_yours' as const)
    .map((code) => ({ type: 'route.failed', code }) as const),
);
const answers = fc.oneof(
  { weight: 4, arbitrary: opened },
  { weight: 4, arbitrary: routed },
  { weight: 3, arbitrary: failed },
);
const timeouts = fc.constantFrom(
  'time.grace' as const,
  'time.connect' as const,
  'time.route' as const,
  'time.limit' as const,
);
const flags = fc.constantFrom(
  null,
  'joined',
  'raisedHand',
  'speaking',
  'audioEnabled',
  'audioUnavailable',
  'videoEnabled',
  'screenShareEnabled',
  'nothing of audio',
);

/** One of the events that mean something in the state of the moment. */
const likely = (choice: number): Command =>
  command(`likely ${choice}`, always, async (walk) => {
    const events = possible(walk.state);
    const event = events[choice % events.length];
    if (event !== undefined) await walk.play(event);
  });

/** What makes an answer come too late, if it is there before. */
const interruptions: fc.Arbitrary<SpecEvent> = fc
  .constantFrom(...PEOPLE)
  .chain((person) =>
    fc.constantFrom<SpecEvent>(
      { type: 'ai.disable', by: person.id },
      { type: 'user.left', id: person.id, reason: 'dropped' },
      { type: 'ai.ended' },
      releasing(person),
    ),
  );

/** One of the answers that are awaited, and something else at almost the same time. */
const race = (choice: number, event: SpecEvent, microtasks: number): Command =>
  command(
    `answer ${choice}, ${microtasks} microtasks later ${JSON.stringify(event)}`,
    ({ ai }) => ai.phase === 'connecting' || ai.phase === 'granting',
    async (walk) => {
      const awaited = possible(walk.state).filter(isAnswer);
      const answer = awaited[choice % awaited.length];
      if (answer !== undefined) await walk.race(answer, event, microtasks);
    },
  );

const always = (): boolean => true;
const present = ({ ai }: SpecState): boolean => 'session' in ai;

/** One step of a walk, more often one that leads deeper. */
const steps: fc.Arbitrary<Command> = fc.oneof(
  { weight: 40, arbitrary: requests.map(ask) },
  { weight: 40, arbitrary: fc.nat().map(likely) },
  {
    weight: 20,
    arbitrary: answers.map((answer) => play(answer, (state) => awaited(state, answer))),
  },
  { weight: 5, arbitrary: timeouts.map((type) => play({ type }, (state) => timesOf(state).includes(type))) },
  {
    weight: 3,
    arbitrary: fc
      .integer({ min: 1, max: 12_000 })
      .map((ms) => command(`wait ${ms} ms`, always, (walk) => walk.wait(ms))),
  },
  {
    weight: 5,
    arbitrary: fc.tuple(fc.constantFrom(...PEOPLE), flags).map(([{ id }, flag]) =>
      command(
        `${id} turns ${flag ?? 'nothing'}`,
        (state) => presenceAgain(state, id, flag) !== undefined,
        async (walk) => {
          const event = presenceAgain(walk.state, id, flag);
          if (event !== undefined) await walk.play(event);
        },
      ),
    ),
  },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom<SpecEvent>({ type: 'call.ended' }, { type: 'call.lost' })
      .map((event) => play(event, present)),
  },
  {
    weight: 2,
    arbitrary: session.map((session) =>
      command(
        'open, unheld',
        ({ ai }) => ai.phase === 'connecting',
        async (walk) => walk.openUnheld(session),
      ),
    ),
  },
  {
    weight: 6,
    arbitrary: answers.map((answer) =>
      command(`too late: ${JSON.stringify(answer)}`, always, async (walk) => walk.answerLate(answer)),
    ),
  },
  {
    weight: 10,
    arbitrary: fc
      .tuple(fc.nat(), fc.oneof(requests, interruptions), fc.integer({ min: 0, max: 4 }))
      .map(([choice, event, microtasks]) => race(choice, event, microtasks)),
  },
);

/** A walk of at most `length` steps. */
export const walks = (length: number): fc.Arbitrary<Iterable<Command>> =>
  fc.commands([steps], { maxCommands: length, size: 'max' });
