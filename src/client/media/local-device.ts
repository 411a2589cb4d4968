import type { MediaDevice } from 'partytracks/client';
import { Subscription, type Observable } from 'rxjs';
import { hasDevices, problemOf } from './device-problem.ts';
import type { DeviceState } from './media-state.ts';

const OFF: DeviceState = {
  isOn: false,
  isStarting: false,
  problem: undefined,
  devices: [],
  activeDeviceId: undefined,
  track: undefined,
};

/**
 * A microphone or a camera. Of several devices the one that the person has chosen is used, else the first that works;
 * when it is unplugged the next one takes its place, and when none is left the first that is plugged in.
 */
export class LocalDevice {
  /** What is to be sent: the device while it is on, silence or black otherwise. Never ends. */
  readonly track$: Observable<MediaStreamTrack>;
  readonly #device: MediaDevice;
  readonly #onChange: () => void;
  readonly #subscription = new Subscription();
  #state = OFF;
  /** Whether the person wants it on, whatever has come in between. */
  #isWanted = false;

  constructor(device: MediaDevice, onChange: () => void) {
    this.#device = device;
    this.#onChange = onChange;
    this.track$ = device.broadcastTrack$;
    if (hasDevices()) this.#follow();
  }

  get state(): DeviceState {
    return this.#state;
  }

  start(): void {
    this.#isWanted = true;
    if (!hasDevices()) {
      this.#change({ problem: 'insecure' });
      return;
    }
    this.#change({ problem: undefined, isStarting: !this.#state.isOn });
    this.#device.startBroadcasting();
  }

  stop(): void {
    this.#isWanted = false;
    this.#change({ isStarting: false });
    this.#device.stopBroadcasting();
  }

  toggle(): void {
    if (this.#state.isOn || this.#state.isStarting) this.stop();
    else this.start();
  }

  /** Prefers this device, from here on and on later visits. */
  choose(deviceId: string): void {
    const device = this.#state.devices.find((device) => device.deviceId === deviceId);
    if (device !== undefined) this.#device.setPreferredDevice(device);
  }

  close(): void {
    this.#device.disableSource();
    this.#subscription.unsubscribe();
  }

  #follow(): void {
    const { broadcastTrack$, isBroadcasting$, devices$, activeDevice$, error$ } = this.#device;
    let isOn = false;
    this.#subscription.add(isBroadcasting$.subscribe((value) => void (isOn = value)));
    this.#subscription.add(
      // Told after whether it is on: with the track that belongs to it.
      broadcastTrack$.subscribe((track) =>
        this.#change({
          isOn,
          track: isOn ? track : undefined,
          isStarting: this.#state.isStarting && !isOn,
        }),
      ),
    );
    this.#subscription.add(devices$.subscribe((devices) => this.#listed(devices)));
    this.#subscription.add(
      activeDevice$.subscribe((device: MediaDeviceInfo | undefined) =>
        this.#change({ activeDeviceId: device?.deviceId }),
      ),
    );
    this.#subscription.add(
      error$.subscribe((error) => this.#change({ problem: problemOf(error), isStarting: false })),
    );
  }

  #listed(devices: readonly MediaDeviceInfo[]): void {
    const hasNew = devices.some(
      ({ deviceId }) => !this.#state.devices.some((known) => known.deviceId === deviceId),
    );
    this.#change({ devices });
    if (hasNew && this.#isWanted && this.#state.problem === 'none') this.start();
  }

  #change(change: Partial<DeviceState>): void {
    this.#state = { ...this.#state, ...change };
    this.#onChange();
  }
}
