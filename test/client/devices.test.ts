import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { LocalDevice } from '../../src/client/media/local-device.ts';
import { partytracksKit } from '../../src/client/media/media-kit.ts';
import { fakeTrack } from '../support/fake-media.ts';
import { until } from '../support/until.ts';

/** What a browser has of devices: a list that changes, and a stream for each that is plugged in. */
class Machine extends EventTarget {
  plugged: MediaDeviceInfo[] = [];
  readonly live = new Map<string, MediaStreamTrack>();
  refusal: Error | undefined = undefined;

  plug(...ids: string[]): void {
    this.plugged = [...this.plugged, ...ids.map((id) => new Info(id))];
    this.dispatchEvent(new Event('devicechange'));
  }

  /** The device is gone: from the list, and its track ends. */
  unplug(id: string): void {
    this.plugged = this.plugged.filter(({ deviceId }) => deviceId !== id);
    this.live.get(id)?.dispatchEvent(new Event('ended'));
    this.dispatchEvent(new Event('devicechange'));
  }

  enumerateDevices = (): Promise<MediaDeviceInfo[]> => Promise.resolve(this.plugged);

  getUserMedia = ({ audio }: MediaStreamConstraints): Promise<MediaStream> => {
    if (this.refusal !== undefined) return Promise.reject(this.refusal);
    const { exact: id } = (audio as { deviceId: { exact: string } }).deviceId;
    if (!this.plugged.some(({ deviceId }) => deviceId === id)) {
      return Promise.reject(Object.assign(new Error('gone'), { name: 'NotFoundError' }));
    }
    const track = fakeTrack(`track of ${id}`, { deviceId: id });
    this.live.set(id, track);
    return Promise.resolve({ getAudioTracks: () => [track] } as unknown as MediaStream);
  };
}

class Info {
  readonly kind = 'audioinput';
  readonly groupId = '';
  readonly deviceId: string;
  readonly label: string;

  constructor(id: string) {
    this.deviceId = id;
    this.label = id;
  }

  toJSON(): object {
    return this;
  }
}

/** As much of Web Audio as it takes to make silence. */
class Silence extends EventTarget {
  readonly state = 'running';
  readonly currentTime = 0;
  createOscillator = () => ({ frequency: { setValueAtTime: () => {} }, connect: () => {}, start: () => {} });
  createGain = () => ({ gain: { setValueAtTime: () => {} }, connect: () => {} });
  createMediaStreamDestination = () => ({ stream: { getAudioTracks: () => [fakeTrack('silence')] } });
  resume = () => Promise.resolve();
  close = () => Promise.resolve();
}

let machine: Machine;
beforeEach(() => {
  machine = new Machine();
  // What comes first ends last: the devices of the test are closed while all of this is still there.
  onTestFinished(() => void vi.unstubAllGlobals());
  const permissions = {
    query: () => Promise.resolve(Object.assign(new EventTarget(), { state: 'granted' })),
  };
  vi.stubGlobal('navigator', { mediaDevices: machine, permissions });
  vi.stubGlobal('document', new EventTarget());
  vi.stubGlobal('localStorage', { getItem: () => null });
  vi.stubGlobal('AudioContext', Silence);
  vi.stubGlobal('MediaDeviceInfo', Info);
});

async function microphoneOf(...ids: string[]): Promise<LocalDevice> {
  machine.plug(...ids);
  const microphone = new LocalDevice(partytracksKit.microphone(), () => {});
  onTestFinished(() => microphone.close());
  await until(() => microphone.state.devices.length === ids.length);
  return microphone;
}

const expectUse = (microphone: LocalDevice, id: string): Promise<void> =>
  until(() => microphone.state.isOn && microphone.state.track?.id === `track of ${id}`);

test('nothing is asked of the person before the device is started', async () => {
  const microphone = await microphoneOf('desk');
  expect(machine.live.size).toBe(0);
  expect(microphone.state).toMatchObject({ isOn: false, activeDeviceId: 'desk', problem: undefined });
});

test('when the device is unplugged the next takes its place, and the others hear no end', async () => {
  const microphone = await microphoneOf('headset', 'desk');
  microphone.start();
  await expectUse(microphone, 'headset');
  machine.unplug('headset');
  await expectUse(microphone, 'desk');
  expect(microphone.state).toMatchObject({ problem: undefined, activeDeviceId: 'desk' });
});

test('the device that was chosen is used, and again when it is back', async () => {
  const microphone = await microphoneOf('desk', 'headset');
  microphone.start();
  await expectUse(microphone, 'desk');
  microphone.choose('headset');
  await expectUse(microphone, 'headset');
  machine.unplug('headset');
  await expectUse(microphone, 'desk');
  machine.plug('headset');
  await expectUse(microphone, 'headset');
});

test('when none is left it is off and says why, and is on again with the first that is plugged in', async () => {
  const microphone = await microphoneOf('headset');
  microphone.start();
  await expectUse(microphone, 'headset');
  machine.unplug('headset');
  await until(() => microphone.state.problem === 'none');
  expect(microphone.state).toMatchObject({ isOn: false, track: undefined });
  machine.plug('desk');
  await expectUse(microphone, 'desk');
  expect(microphone.state.problem).toBeUndefined();
});

test('one that was turned off stays off whatever is plugged in', async () => {
  const microphone = await microphoneOf('headset');
  microphone.start();
  await expectUse(microphone, 'headset');
  machine.unplug('headset');
  await until(() => microphone.state.problem === 'none');
  microphone.stop();
  machine.plug('desk');
  await until(() => microphone.state.devices.length === 1);
  expect(microphone.state).toMatchObject({ isOn: false, isStarting: false });
});

test('a refusal is told, and is no end: the person may think again', async () => {
  const microphone = await microphoneOf('desk');
  machine.refusal = Object.assign(new Error('no'), { name: 'NotAllowedError' });
  microphone.start();
  await until(() => microphone.state.problem === 'denied');
  machine.refusal = undefined;
  microphone.start();
  await expectUse(microphone, 'desk');
});
