import type { TrackMetadata } from 'partytracks/client';
import { BehaviorSubject, distinctUntilChanged, filter, map, type Observable } from 'rxjs';
import type { AiState, Presence, RoomState, User } from '../../src/protocol/messages.ts';

/** What a user's presence has a place for. */
export type Source = 'audio' | 'video' | 'screenshare';

const HEARTBEAT_MS = 5_000;

/** A page's place in a room: what its user says of itself, and what the room says of the others. */
export class RoomPresence {
  readonly #state = new BehaviorSubject<RoomState>({ ai: { enabled: false }, meetingId: '', users: [] });
  #socket: WebSocket | undefined = undefined;
  #drops = 0;
  #presence: Presence = { joined: true, raisedHand: false, speaking: false, tracks: {} };

  /** Resolves when the room has sent its state. */
  enter(room: string): Promise<void> {
    const socket = new WebSocket(`/parties/rooms/${room}?_pk=${crypto.randomUUID()}`);
    this.#socket = socket;
    setInterval(() => this.send({ type: 'heartbeat' }), HEARTBEAT_MS);
    return new Promise((resolve, reject) => {
      socket.addEventListener('close', () => {
        this.#drops += 1;
        reject(new Error('the room did not let it in'));
      });
      socket.addEventListener('message', ({ data }) => {
        const message = JSON.parse(String(data)) as { type: string; state?: RoomState };
        if (message.state !== undefined) this.#state.next(message.state);
        resolve();
      });
    });
  }

  send(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** Tells the others where one of its tracks is. */
  publish(source: Source, { sessionId = '', trackName = '' }: TrackMetadata): void {
    const tracks = { ...this.#presence.tracks, [source]: `${sessionId}/${trackName}` };
    this.#presence = { ...this.#presence, transceiverSessionId: sessionId, tracks };
    this.send({ type: 'userUpdate', user: this.#presence });
  }

  /** How often its connection to the room has ended. */
  get drops(): number {
    return this.#drops;
  }

  get users(): readonly User[] {
    return this.#state.value.users;
  }

  get ai(): AiState {
    return this.#state.value.ai;
  }

  /** Where a track of somebody is, from when the room knows, and again whenever it is elsewhere. */
  trackOf(name: string, source: Source): Observable<TrackMetadata> {
    return this.#state.pipe(
      map(({ users }) => users.find((user) => user.name === name)?.tracks[source]),
      filter((path) => path !== undefined),
      distinctUntilChanged(),
      map((path) => {
        const [sessionId = '', trackName = ''] = path.split('/');
        return { location: 'remote', sessionId, trackName };
      }),
    );
  }
}
