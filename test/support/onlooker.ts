import { LiveView, type View } from '../../src/visualiser/live-view.ts';
import { Mask, type SeenContext } from '../../src/visualiser/mask.ts';
import { changed, type SeenState, type TraceStep } from '../../src/visualiser/trace.ts';
import { endOfTurn } from './fake-clock.ts';
import type { FakeRooms } from './fake-room.ts';

type Message =
  | { readonly event: 'state'; readonly data: { room: string; start: SeenState | null; steps: TraceStep[] } }
  | { readonly event: 'steps'; readonly data: TraceStep[] };

export const liveViewOf = ({ registry, clock }: FakeRooms): LiveView =>
  new LiveView({ rooms: registry, mask: new Mask('a key for tests'), clock });

/** Somebody who looks on at a room, and takes as much as the test says. */
export class Onlooker {
  readonly messages: Message[] = [];
  /** Everything that was written. */
  text = '';
  /** What the next writes are answered with; `true` when there is nothing. */
  readonly answers: boolean[] = [];
  readonly view: View;

  constructor(live: LiveView, room = 'room', withNames = false) {
    this.view = live.open(room, withNames, { write: (text) => this.#write(text) });
  }

  /** What has come since the last call, after everything of this turn. */
  async take(): Promise<Message[]> {
    await endOfTurn();
    return this.messages.splice(0);
  }

  /** All steps that have come since the last call, of whatever message. */
  async steps(): Promise<TraceStep[]> {
    const messages = await this.take();
    return messages.flatMap(({ event, data }) => (event === 'steps' ? data : data.steps));
  }

  #write(text: string): boolean {
    this.text += text;
    const [, event, data] = /^event: (\w+)\ndata: (.*)\n\n$/.exec(text) ?? [];
    if (data !== undefined) this.messages.push({ event, data: JSON.parse(data) as unknown } as Message);
    return this.answers.shift() ?? true;
  }
}

/** What the steps lead to. */
export const after = (start: SeenState, steps: readonly TraceStep[]): SeenState => ({
  value: steps.at(-1)?.value ?? start.value,
  context: steps.reduce<SeenContext>(
    (context, { change }) => (change === undefined ? context : changed(context, change)),
    start.context,
  ),
});
