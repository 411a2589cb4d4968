import type { ReactNode } from 'react';
import { Icon } from './icon.tsx';
import type { Shared } from './shared.ts';
import { CameraToggle, MicrophoneToggle, Toggle } from './toggle.tsx';

type Props = Pick<Shared, 'client' | 'media' | 'state'> & {
  readonly count: number;
  readonly isPanelOpen: boolean;
  readonly onPanel: () => void;
  readonly onLeave: () => void;
};

/** Phones share no screen. */
const canShareScreen = (): boolean => {
  const devices = navigator.mediaDevices as Partial<MediaDevices> | undefined;
  return devices?.getDisplayMedia !== undefined;
};

/** What one can do in a call with one press. */
export function CallBar({ client, media, state, count, isPanelOpen, onPanel, onLeave }: Props): ReactNode {
  const { raisedHand } = client.presence;
  const isSharing = state?.screen.isOn === true;
  return (
    <div className="bar">
      <MicrophoneToggle
        isOn={state?.microphone.isOn === true}
        isDisabled={media === undefined}
        onPress={() => media?.microphone.toggle()}
      />
      <CameraToggle
        isOn={state?.camera.isOn === true}
        isDisabled={media === undefined}
        onPress={() => media?.camera.toggle()}
      />
      {canShareScreen() && (
        <Toggle
          icon="screen"
          label={isSharing ? 'Stop sharing' : 'Share screen'}
          isOn={isSharing}
          isDisabled={state?.isAvailable !== true}
          onPress={() => (isSharing ? media?.screen.stop() : media?.screen.start())}
        />
      )}
      <Toggle
        icon="hand"
        label={raisedHand ? 'Lower hand' : 'Raise hand'}
        isOn={raisedHand}
        onPress={() => client.update({ raisedHand: !raisedHand })}
      />
      <Toggle
        icon="people"
        label={isPanelOpen ? 'Close people' : 'Open people'}
        isOn={isPanelOpen}
        badge={count}
        onPress={onPanel}
      />
      <button type="button" className="toggle leave" aria-label="Leave" title="Leave" onClick={onLeave}>
        <Icon name="leave" />
      </button>
    </div>
  );
}
