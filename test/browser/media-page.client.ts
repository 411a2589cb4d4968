import { PartyTracks, type TrackMetadata } from 'partytracks/client';
import { BehaviorSubject, distinctUntilChanged, filter, map, of, type Observable } from 'rxjs';
import type { Presence, User } from '../../src/protocol/messages.ts';

export type Kind = 'audio' | 'video';

type Session = { readonly sessionId: string; readonly peerConnection: RTCPeerConnection };

const HEARTBEAT_MS = 5_000;

/**
 * Somebody in a room, in a page of a browser: what Orange's page does with the stock client `partytracks`, and nothing
 * more. The others are told of a track when the client has announced it; of them it pulls what the room's state names.
 */
class Participant {
  readonly #media = new PartyTracks();
  readonly #users = new BehaviorSubject<readonly User[]>([]);
  readonly #pulls = new Map<string, { stop: () => void; readonly tracks: MediaStreamTrack[] }>();
  #socket: WebSocket | undefined = undefined;
  #hasSession = false;
  #session: Session | undefined = undefined;
  #presence: Presence = { joined: true, raisedHand: false, speaking: false, tracks: {} };
  readonly #announced = new Set<string>();

  /** Resolves when the room has sent its state. */
  enter(room: string): Promise<void> {
    const socket = new WebSocket(`/parties/rooms/${room}?_pk=${crypto.randomUUID()}`);
    this.#socket = socket;
    setInterval(() => this.#send({ type: 'heartbeat' }), HEARTBEAT_MS);
    return new Promise((resolve, reject) => {
      socket.addEventListener('close', () => reject(new Error('the room did not let it in')));
      socket.addEventListener('message', ({ data }) => {
        const message = JSON.parse(String(data)) as { type: string; state?: { users: readonly User[] } };
        if (message.state !== undefined) this.#users.next(message.state.users);
        resolve();
      });
    });
  }

  leave(): void {
    this.#send({ type: 'userLeft' });
  }

  /** Sends a track that never ends. */
  push(kind: Kind): void {
    this.#openSession();
    this.#media.push(of(kind === 'audio' ? tone() : picture())).subscribe(({ sessionId, trackName }) => {
      const path = `${sessionId}/${trackName}`;
      this.#announced.add(path);
      const tracks = { ...this.#presence.tracks, [kind]: path };
      this.#presence = { ...this.#presence, transceiverSessionId: sessionId, tracks };
      this.#send({ type: 'userUpdate', user: this.#presence });
    });
  }

  /** How many tracks the client has announced so far; one counts anew in each session. */
  announced(): number {
    // The client repeats what it has announced when it has a new session, before it announces the tracks of that.
    return this.#announced.size;
  }

  /** Receives a track of somebody, and those that take its place. */
  pull(name: string, kind: Kind): void {
    this.#openSession();
    const tracks: MediaStreamTrack[] = [];
    const received = this.#media.pull(this.#trackOf(name, kind)).subscribe((track) => tracks.push(track));
    this.#pulls.set(`${name} ${kind}`, { stop: () => received.unsubscribe(), tracks });
  }

  stopPulling(name: string, kind: Kind): void {
    this.#pulls.get(`${name} ${kind}`)?.stop();
    this.#pulls.delete(`${name} ${kind}`);
  }

  /** How many tracks the client has given for a pull so far. */
  tracksOf(name: string, kind: Kind): number {
    return this.#pulls.get(`${name} ${kind}`)?.tracks.length ?? 0;
  }

  /** What has arrived on the newest of them: decoded frames, or bytes of sound. Nothing if it is not live. */
  async received(name: string, kind: Kind): Promise<number> {
    const track = this.#pulls.get(`${name} ${kind}`)?.tracks.at(-1);
    const receivers = this.#session?.peerConnection.getReceivers() ?? [];
    const stats = await receivers.find((receiver) => receiver.track === track)?.getStats();
    let amount = 0;
    stats?.forEach((stat: RTCInboundRtpStreamStats) => {
      if (stat.type === 'inbound-rtp')
        amount += (kind === 'audio' ? stat.bytesReceived : stat.framesDecoded) ?? 0;
    });
    return track?.readyState === 'live' ? amount : 0;
  }

  sessionId(): string | undefined {
    return this.#session?.sessionId;
  }

  signalingState(): RTCSignalingState | undefined {
    return this.#session?.peerConnection.signalingState;
  }

  iceConnectionState(): RTCIceConnectionState | undefined {
    return this.#session?.peerConnection.iceConnectionState;
  }

  /** Names of those who are in the room. */
  people(): string[] {
    return this.#users.value.map(({ name }) => name);
  }

  /** The first who asks for the session opens it. */
  #openSession(): void {
    if (this.#hasSession) return;
    this.#hasSession = true;
    this.#media.session$.subscribe((session) => {
      this.#session = session;
    });
  }

  #trackOf(name: string, kind: Kind): Observable<TrackMetadata> {
    return this.#users.pipe(
      map((users) => users.find((user) => user.name === name)?.tracks[kind]),
      filter((path) => path !== undefined),
      distinctUntilChanged(),
      map((path) => {
        const [sessionId = '', trackName = ''] = path.split('/');
        return { location: 'remote', sessionId, trackName };
      }),
    );
  }

  #send(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}

const sound = new AudioContext();

function tone(): MediaStreamTrack {
  const oscillator = sound.createOscillator();
  const destination = sound.createMediaStreamDestination();
  oscillator.connect(destination);
  oscillator.start();
  return onlyTrackOf(destination.stream);
}

/** Small, and never the same for long. */
function picture(): MediaStreamTrack {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d');
  [canvas.width, canvas.height] = [64, 48];
  let hue = 0;
  setInterval(() => {
    if (context === null) return;
    context.fillStyle = `hsl(${(hue += 11)} 80% 50%)`;
    context.fillRect(0, 0, 64, 48);
  }, 100);
  return onlyTrackOf(canvas.captureStream());
}

function onlyTrackOf(stream: MediaStream): MediaStreamTrack {
  const [track] = stream.getTracks();
  if (track === undefined) throw new Error('a stream without a track');
  return track;
}

declare global {
  interface Window {
    participant: Participant;
  }
}
export type { Participant };
window.participant = new Participant();
