import type { ReactNode } from 'react';
import { Icon, type IconName } from './icon.tsx';

type Props = {
  readonly icon: IconName;
  /** What a press does, as the button's name: it changes with the state, which needs no other telling then. */
  readonly label: string;
  readonly isOn: boolean;
  /** Whether being off is worth a stroke through the drawing. */
  readonly isStruckOff?: boolean;
  readonly isDisabled?: boolean;
  /** A number at its corner, for those who see it; others have it from elsewhere. */
  readonly badge?: number | undefined;
  readonly onPress: () => void;
};

/** A round button of the call's bar. */
export function Toggle({ icon, label, isOn, isStruckOff, isDisabled, badge, onPress }: Props): ReactNode {
  return (
    <button
      type="button"
      className="toggle"
      aria-label={label}
      title={label}
      data-on={isOn || undefined}
      data-badge={badge}
      disabled={isDisabled}
      onClick={onPress}
    >
      <Icon name={icon} isOff={isStruckOff === true && !isOn} />
    </button>
  );
}

type DeviceProps = { readonly isOn: boolean; readonly onPress: () => void; readonly isDisabled?: boolean };

export const MicrophoneToggle = ({ isOn, onPress, isDisabled = false }: DeviceProps): ReactNode => (
  <Toggle
    icon="microphone"
    label={isOn ? 'Turn off microphone' : 'Turn on microphone'}
    {...{ isOn, onPress, isDisabled }}
    isStruckOff
  />
);

export const CameraToggle = ({ isOn, onPress, isDisabled = false }: DeviceProps): ReactNode => (
  <Toggle
    icon="camera"
    label={isOn ? 'Turn off camera' : 'Turn on camera'}
    {...{ isOn, onPress, isDisabled }}
    isStruckOff
  />
);
