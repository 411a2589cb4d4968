import { useState, type ReactNode } from 'react';
import { Icon } from './icon.tsx';
import { Notices } from './notices.tsx';
import { Panel } from './panel.tsx';
import { isPerson, renameUrl, type Shared } from './shared.ts';
import { Stage } from './stage.tsx';
import { CameraToggle, MicrophoneToggle, Toggle } from './toggle.tsx';
import { statusText } from './words.ts';

/** The call: everybody, and what one can do. */
export function Call(props: Shared & { readonly onLeave: () => void }): ReactNode {
  const { room, client, connection, people, media, state, hasFailed, onLeave } = props;
  const [isPanelOpen, setPanelOpen] = useState(false);
  const { presence } = client;
  const count = people.users.filter((user) => user.joined && isPerson(user)).length;
  const hasMedia = media !== undefined && state !== undefined;
  return (
    <div className="call" data-lost={connection.status !== 'open' || undefined}>
      <header>
        <h1>{room}</h1>
        <p role="status">{statusText(connection, count)}</p>
        <a href={renameUrl()}>Change name</a>
      </header>
      <main>
        <Notices state={state} hasFailed={hasFailed} />
        <Stage {...{ client, people, state }} />
      </main>
      {isPanelOpen && <Panel {...props} onClose={() => setPanelOpen(false)} />}
      <footer className="bar">
        <MicrophoneToggle
          isOn={state?.microphone.isOn === true}
          isDisabled={!hasMedia}
          onPress={() => media?.microphone.toggle()}
        />
        <CameraToggle
          isOn={state?.camera.isOn === true}
          isDisabled={!hasMedia}
          onPress={() => media?.camera.toggle()}
        />
        <Toggle
          icon="screen"
          label={state?.screen.isOn === true ? 'Stop sharing' : 'Share screen'}
          isOn={state?.screen.isOn === true}
          isDisabled={!hasMedia || !state.isAvailable}
          onPress={() => (state?.screen.isOn === true ? media?.screen.stop() : media?.screen.start())}
        />
        <Toggle
          icon="hand"
          label={presence.raisedHand ? 'Lower hand' : 'Raise hand'}
          isOn={presence.raisedHand}
          onPress={() => client.update({ raisedHand: !presence.raisedHand })}
        />
        <Toggle
          icon="people"
          label={isPanelOpen ? 'Close people' : 'Open people'}
          isOn={isPanelOpen}
          badge={count}
          onPress={() => setPanelOpen(!isPanelOpen)}
        />
        <button type="button" className="toggle leave" aria-label="Leave" title="Leave" onClick={onLeave}>
          <Icon name="leave" />
        </button>
      </footer>
    </div>
  );
}
