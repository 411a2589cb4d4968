import { Subscription } from 'rxjs';
import type { Unsubscribe } from '../emitter.ts';
import type { RoomClient } from '../room-client.ts';
import { cameraConstraints } from './camera-encodings.ts';
import { Incoming } from './incoming.ts';
import { LocalDevice } from './local-device.ts';
import { partytracksKit, type MediaKit, type SfuConnection } from './media-kit.ts';
import type { MediaState } from './media-state.ts';
import { Outgoing } from './outgoing.ts';
import { ScreenShare } from './screen-share.ts';
import { askServerOffer, type ServerOffer } from './server-offer.ts';
import { trackAt } from './track-path.ts';
import { TrackDoctor } from './track-doctor.ts';

export type RoomMediaOptions = {
  /** In place of partytracks and the browser's devices. */
  readonly kit?: MediaKit;
};

/**
 * Sound and picture of a room: one's own devices, what is sent of them, and what is received of the others. Follows the
 * room client: whoever says `joined` is received while one has joined oneself, a mute by others turns the microphone
 * off, and what is on is told to the others. Without an SFU on the server devices still work, for a preview.
 */
export class RoomMedia {
  readonly microphone: LocalDevice;
  readonly camera: LocalDevice;
  readonly screen: ScreenShare;
  readonly offer: ServerOffer;
  readonly #client: RoomClient;
  readonly #listeners = new Set<() => void>();
  readonly #subscription = new Subscription();
  #incoming: Incoming | undefined = undefined;
  #doctor: TrackDoctor | undefined = undefined;
  #isConnected = false;
  #snapshot: MediaState;

  /** Asks the server what it offers, then begins. Rejects when the server cannot be asked. */
  static async open(client: RoomClient, options: RoomMediaOptions = {}): Promise<RoomMedia> {
    return new RoomMedia(client, await askServerOffer(client), options);
  }

  constructor(client: RoomClient, offer: ServerOffer, { kit = partytracksKit }: RoomMediaOptions = {}) {
    this.#client = client;
    this.offer = offer;
    // Devices tell of themselves while they are being made; there is nothing to show before all are there.
    let isComplete = false;
    const onChange = (): void => {
      if (isComplete) this.#changed();
    };
    this.microphone = new LocalDevice(kit.microphone(), onChange);
    this.camera = new LocalDevice(kit.camera(cameraConstraints(offer.webcam)), onChange);
    this.screen = new ScreenShare(() => kit.screen(), onChange);
    this.#snapshot = this.#take();
    isComplete = true;
    this.#subscription.add(client.on('muted', () => this.microphone.stop()));
    if (offer.media) this.#connect(kit);
    this.#changed();
  }

  /** For `useSyncExternalStore`, and whoever draws from snapshots: tells that there is another one. */
  readonly subscribe = (listener: () => void): Unsubscribe => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };
  readonly getSnapshot = (): MediaState => this.#snapshot;

  /** Asks that the AI listens to one's microphone, which is turned on for it; says whether it was asked. */
  talkToAi(): boolean {
    const path = this.#client.presence.tracks.audio;
    const track = path === undefined ? undefined : trackAt(path);
    if (track === undefined) return false;
    this.microphone.start();
    return this.#client.requestAiControl(track);
  }

  /** Stops sending and receiving, and gives the devices back. */
  close(): void {
    this.#subscription.unsubscribe();
    this.#doctor?.close();
    this.screen.stop();
    this.camera.close();
    this.microphone.close();
    this.#listeners.clear();
  }

  #connect(kit: MediaKit): void {
    const { origin, token } = this.#client;
    const sfu = kit.connect({
      prefix: `${origin}/partytracks`,
      apiExtraParams: this.offer.apiExtraParams,
      ...(token !== undefined && { headers: new Headers({ authorization: `Bearer ${token}` }) }),
    });
    this.#incoming = new Incoming(sfu, () => this.#changed());
    this.#doctor = new TrackDoctor({
      client: this.#client,
      incoming: this.#incoming,
      reports: this.offer.feedback,
      onChange: () => this.#changed(),
    });
    this.#followSession(sfu);
    const sources = {
      microphone$: this.microphone.track$,
      camera$: this.camera.track$,
      screen$: this.screen.track$,
    };
    const outgoing = new Outgoing(this.#client, sfu, sources, this.offer.webcam);
    this.#subscription.add(() => outgoing.close());
    this.#subscription.add(this.#client.subscribe(() => this.#follow()));
    this.#subscription.add(() => this.#incoming?.follow([]));
    this.#follow();
  }

  #followSession(sfu: SfuConnection): void {
    this.#subscription.add(
      sfu.session$.subscribe((session) => {
        this.#doctor?.attend(session);
        const { peerConnection } = session;
        const show = (): void => {
          this.#isConnected = peerConnection.connectionState === 'connected';
          this.#changed();
        };
        peerConnection.addEventListener('connectionstatechange', show);
        show();
      }),
    );
  }

  /** Nobody is received in the lobby; nor after the end. While reconnecting everything stays as it was. */
  #follow(): void {
    const { id, users, presence, connection } = this.#client;
    const isIn = presence.joined && connection.status !== 'gone';
    this.#incoming?.follow(isIn ? users.filter((user) => user.id !== id) : []);
  }

  #changed(): void {
    this.#snapshot = this.#take();
    const { microphone, camera, screen } = this.#snapshot;
    this.#client.update({
      tracks: {
        audioEnabled: microphone.isOn,
        audioUnavailable: microphone.problem !== undefined,
        videoEnabled: camera.isOn,
        screenShareEnabled: screen.isOn,
      },
    });
    for (const listener of this.#listeners) listener();
  }

  #take(): MediaState {
    return {
      isAvailable: this.offer.media,
      isConnected: this.#isConnected,
      microphone: this.microphone.state,
      camera: this.camera.state,
      screen: this.screen.state,
      others: this.#incoming?.tracks ?? new Map(),
      health: this.#doctor?.health ?? { outgoingBitrate: 0, outgoingLoss: 0, incomingLoss: 0 },
    };
  }
}
