import { getCamera, getMic, getScreenshare, PartyTracks } from 'partytracks/client';
import { BehaviorSubject, of, type Observable, type Subscription } from 'rxjs';
import type { AiState } from '../../src/protocol/messages.ts';
import { Reception, type Received } from './reception.client.ts';
import { RoomPresence, type Source } from './room-presence.client.ts';

type Rid = 'a' | 'b';

/** As Orange's page sends a camera in two sizes. */
const LAYERS: RTCRtpEncodingParameters[] = [
  { rid: 'a', maxBitrate: 1_300_000 },
  { rid: 'b', scaleResolutionDownBy: 2, maxBitrate: 500_000 },
];

/**
 * Somebody in a call, in a page of a browser: with the devices that the stock client `partytracks` gives, and with
 * elements that play what is received.
 */
class Caller {
  readonly #media = new PartyTracks();
  readonly #room = new RoomPresence();
  readonly #devices = {
    audio: getMic(),
    video: getCamera({ constraints: { width: 640, height: 480 } }),
    screenshare: getScreenshare({ audio: false }),
  };
  readonly #sent = new Map<Source, Subscription>();
  readonly #paths = new Map<Source, string>();
  readonly #received = new Map<string, Reception>();
  readonly #tone = new Tone();
  #session: { readonly sessionId: string; readonly peerConnection: RTCPeerConnection } | undefined =
    undefined;
  #isOpen = false;

  /** Resolves when the room has sent its state. */
  enter(room: string): Promise<void> {
    return this.#room.enter(room);
  }

  /** Leaves the room for good; its tracks are left to the server. */
  leave(): void {
    this.#room.send({ type: 'userLeft' });
  }

  /** What a page says to the room that is not about its own tracks. */
  say(message: object): void {
    this.#room.send(message);
  }

  /** Sends what one of the devices gives, and lets the others know; a camera in two sizes if that is wanted. */
  send(source: Source, layers: 'one size' | 'two sizes' = 'one size'): void {
    this.turnOn(source);
    this.#push(source, this.#track(source), layers === 'two sizes' ? LAYERS : []);
  }

  /** Sends a tone in place of the microphone; it sounds when it is told to. */
  sendTone(hertz: number): void {
    this.#push('audio', of(this.#tone.tuned(hertz)), []);
  }

  sound(isOn: boolean): void {
    this.#tone.sound(isOn);
  }

  stopSending(source: Source): void {
    this.#sent.get(source)?.unsubscribe();
  }

  turnOn(source: Source): void {
    this.#devices[source].startBroadcasting();
  }

  /** The track goes on without what the device gives: silence, or a black picture. */
  turnOff(source: Source): void {
    this.#devices[source].stopBroadcasting();
  }

  /** Where a track of its own is at the SFU, once the client has announced it. */
  path(source: Source): string | undefined {
    return this.#paths.get(source);
  }

  /** Receives a track of somebody, and those that take its place, and plays them. */
  receive(name: string, source: Source, rid?: Rid): void {
    this.#openSession();
    const preferredRid = new BehaviorSubject<string | undefined>(rid);
    const track = this.#media.pull(
      this.#room.trackOf(name, source),
      rid === undefined ? {} : { simulcast: { preferredRid$: preferredRid } },
    );
    this.#received.set(`${name} ${source}`, new Reception(source, track, preferredRid));
  }

  prefer(name: string, source: Source, rid: Rid): void {
    this.#find(name, source).preferredRid.next(rid);
  }

  stopReceiving(name: string, source: Source): void {
    this.#find(name, source).stop();
    this.#received.delete(`${name} ${source}`);
  }

  received(name: string, source: Source): Promise<Received> {
    return this.#find(name, source).read(this.#session?.peerConnection);
  }

  /** Of 255, on average over the picture that is shown. */
  brightness(name: string, source: Source): number {
    return this.#find(name, source).brightness();
  }

  /** How loud that frequency is in what is heard, in decibels below full scale. */
  loudness(name: string, hertz: number): number {
    return this.#find(name, 'audio').loudness(hertz);
  }

  sessionId(): string | undefined {
    return this.#session?.sessionId;
  }

  /** How often its connection to the room has ended. */
  drops(): number {
    return this.#room.drops;
  }

  people(): string[] {
    return this.#room.users.map(({ name }) => name);
  }

  ai(): AiState {
    return this.#room.ai;
  }

  idOf(name: string): string | undefined {
    return this.#room.users.find((user) => user.name === name)?.id;
  }

  #track(source: Source): Observable<MediaStreamTrack> {
    return source === 'screenshare'
      ? this.#devices.screenshare.video.broadcastTrack$
      : this.#devices[source].broadcastTrack$;
  }

  #push(source: Source, track: Observable<MediaStreamTrack>, layers: RTCRtpEncodingParameters[]): void {
    this.#openSession();
    const sent = this.#media.push(track, { sendEncodings$: of(layers) }).subscribe((published) => {
      this.#paths.set(source, `${published.sessionId}/${published.trackName}`);
      this.#room.publish(source, published);
    });
    this.#sent.set(source, sent);
  }

  #find(name: string, source: Source): Reception {
    const reception = this.#received.get(`${name} ${source}`);
    if (reception === undefined) throw new Error(`nothing is received of ${name}: ${source}`);
    return reception;
  }

  /** The first who asks for the session opens it. */
  #openSession(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#media.session$.subscribe((session) => {
      this.#session = session;
    });
  }
}

/** Of one frequency, so that it is known again. */
class Tone {
  readonly #context = new AudioContext();
  readonly #volume = this.#context.createGain();

  tuned(hertz: number): MediaStreamTrack {
    const oscillator = this.#context.createOscillator();
    const destination = this.#context.createMediaStreamDestination();
    this.#volume.gain.value = 0;
    oscillator.frequency.value = hertz;
    oscillator.connect(this.#volume).connect(destination);
    oscillator.start();
    const [track] = destination.stream.getAudioTracks();
    if (track === undefined) throw new Error('a stream without a track');
    return track;
  }

  sound(isOn: boolean): void {
    this.#volume.gain.value = isOn ? 0.5 : 0;
  }
}

declare global {
  interface Window {
    caller: Caller;
  }
}
export type { Caller };
window.caller = new Caller();
