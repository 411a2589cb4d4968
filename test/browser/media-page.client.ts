import { PartyTracks } from 'partytracks/client';
import { of } from 'rxjs';
import { RoomPresence } from './room-presence.client.ts';

export type Kind = 'audio' | 'video';

type Session = { readonly sessionId: string; readonly peerConnection: RTCPeerConnection };

/**
 * Somebody in a room, in a page of a browser: what Orange's page does with the stock client `partytracks`, and nothing
 * more. The others are told of a track when the client has announced it; of them it pulls what the room's state names.
 */
class Participant {
  readonly #media = new PartyTracks();
  readonly #room = new RoomPresence();
  readonly #pulls = new Map<string, { stop: () => void; readonly tracks: MediaStreamTrack[] }>();
  #hasSession = false;
  #session: Session | undefined = undefined;
  readonly #announced = new Set<string>();

  /** Resolves when the room has sent its state. */
  enter(room: string): Promise<void> {
    return this.#room.enter(room);
  }

  leave(): void {
    this.#room.send({ type: 'userLeft' });
  }

  /** Sends a track that never ends. */
  push(kind: Kind): void {
    this.#openSession();
    this.#media.push(of(kind === 'audio' ? tone() : picture())).subscribe((track) => {
      this.#announced.add(`${track.sessionId}/${track.trackName}`);
      this.#room.publish(kind, track);
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
    const received = this.#media
      .pull(this.#room.trackOf(name, kind))
      .subscribe((track) => tracks.push(track));
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
    return this.#room.users.map(({ name }) => name);
  }

  /** The first who asks for the session opens it. */
  #openSession(): void {
    if (this.#hasSession) return;
    this.#hasSession = true;
    this.#media.session$.subscribe((session) => {
      this.#session = session;
    });
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
