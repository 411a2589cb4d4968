import type { AiFailure, AiSession } from '../../machines/room.context.ts';
import { AppError, type ErrorCode } from '../../src/errors.ts';
import { VoiceError } from '../../src/voice/voice.ts';
import type { SpecEvent, SpecOutcome } from './spec-state.ts';

/** How a service ends. */
export type ServiceAnswer = Extract<
  SpecOutcome,
  { type: 'call.opened' | 'call.failed' | 'route.done' | 'route.failed' }
>;

const ANSWERS: ReadonlySet<string> = new Set<ServiceAnswer['type']>([
  'call.opened',
  'call.failed',
  'route.done',
  'route.failed',
]);
export const isAnswer = (event: SpecEvent): event is ServiceAnswer => ANSWERS.has(event.type);

/** A request of the machine to a service. */
type Pending<Output> = {
  readonly input: unknown;
  readonly signal: AbortSignal;
  readonly resolve: (output: Output) => void;
  readonly reject: (error: unknown) => void;
  answered: boolean;
};
type Request = { readonly input: unknown; readonly signal: AbortSignal };

/** A `VoiceError` names the failure; everything else counts as `unavailable`. */
const callError = (failure: AiFailure): unknown =>
  failure === 'unavailable' ? new Error('upstream') : new VoiceError(failure);
const routeError = (code: ErrorCode): unknown =>
  code === 'ai_control_failed' ? new Error('upstream') : new AppError(code);

/** All requests of one kind that there have been. Those that the machine gave up can still be answered, too late. */
export class Requests<Output> {
  readonly #all: Pending<Output>[] = [];

  add({ input, signal }: Request): Promise<Output> {
    return new Promise((resolve, reject) => {
      this.#all.push({ input, signal, resolve, reject, answered: false });
    });
  }

  /** What the requests that wait are about. */
  get open(): unknown[] {
    return this.#unanswered(false).map(({ input }) => input);
  }

  get count(): number {
    return this.#all.length;
  }

  answer(late: boolean, how: (pending: Pending<Output>) => void): void {
    for (const pending of this.#unanswered(late)) {
      how(pending);
      pending.answered = true;
    }
  }

  #unanswered(late: boolean): Pending<Output>[] {
    return this.#all.filter(({ answered, signal }) => !answered && signal.aborted === late);
  }
}

/** Answers the requests that it is an answer to: those that wait, or those that do not any more. */
export function giveAnswer(
  answer: ServiceAnswer,
  opens: Requests<AiSession>,
  routes: Requests<void>,
  late: boolean,
): void {
  switch (answer.type) {
    case 'call.opened':
      return opens.answer(late, ({ resolve }) => resolve(answer.session));
    case 'call.failed':
      return opens.answer(late, ({ reject }) => reject(callError(answer.failure)));
    case 'route.done':
      return routes.answer(late, ({ resolve }) => resolve());
    case 'route.failed':
      return routes.answer(late, ({ reject }) => reject(routeError(answer.code)));
  }
}
