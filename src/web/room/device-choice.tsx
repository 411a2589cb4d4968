import type { ReactNode } from 'react';
import type { DeviceState, LocalDevice } from '../../client/media/index.ts';

type Props = {
  readonly label: string;
  readonly device: LocalDevice;
  readonly state: DeviceState;
};

/** Which of several devices. Before the person has allowed any, browsers do not tell their names. */
export function DeviceChoice({ label, device, state }: Props): ReactNode {
  const known = state.devices.filter(({ deviceId, label }) => deviceId !== '' && label !== '');
  if (known.length === 0) return null;
  return (
    <label className="choice">
      <span>{label}</span>
      <select value={state.activeDeviceId ?? ''} onChange={({ target }) => device.choose(target.value)}>
        {known.map(({ deviceId, label }) => (
          <option key={deviceId} value={deviceId}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}
