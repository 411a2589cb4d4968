import type { ReactNode } from 'react';
import { Avatar } from './avatar.tsx';
import { DeviceChoice } from './device-choice.tsx';
import { Notices } from './notices.tsx';
import { isPerson, renameUrl, type Shared } from './shared.ts';
import { CameraToggle, MicrophoneToggle } from './toggle.tsx';
import { Video } from './video.tsx';
import { whoIsHere } from './words.ts';

/** Before the call: how one looks, with what, and who is there. */
export function Lobby({
  room,
  client,
  people,
  media,
  state,
  hasFailed,
  onJoin,
}: Shared & { onJoin: () => void }): ReactNode {
  const name = people.self?.name ?? '';
  const here = people.others.filter((user) => user.joined && isPerson(user)).map((user) => user.name);
  return (
    <main className="lobby">
      <div className="preview">
        {state?.camera.track === undefined ? (
          <Avatar name={name} />
        ) : (
          <Video track={state.camera.track} isMirrored />
        )}
        {media !== undefined && state !== undefined && (
          <div className="bar">
            <MicrophoneToggle isOn={state.microphone.isOn} onPress={() => media.microphone.toggle()} />
            <CameraToggle isOn={state.camera.isOn} onPress={() => media.camera.toggle()} />
          </div>
        )}
      </div>
      <div className="welcome">
        <h1>{room}</h1>
        <p className="quiet" role="status">
          {client.connection.status === 'open' ? whoIsHere(here) : 'Connecting…'}
        </p>
        {media !== undefined && state !== undefined && (
          <>
            <DeviceChoice label="Microphone" device={media.microphone} state={state.microphone} />
            <DeviceChoice label="Camera" device={media.camera} state={state.camera} />
          </>
        )}
        <Notices {...{ state, hasFailed }} isOpen={client.connection.status === 'open'} />
        <button type="button" className="primary" onClick={onJoin}>
          Join
        </button>
        <p className="quiet">
          {name !== '' && <>You are {name}. </>}
          <a href={renameUrl()}>Change name</a>
        </p>
      </div>
    </main>
  );
}
