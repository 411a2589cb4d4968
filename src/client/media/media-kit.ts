import {
  getCamera,
  getMic,
  PartyTracks,
  screenshare$,
  type MediaDevice,
  type PartyTracksConfig,
} from 'partytracks/client';
import type { Observable } from 'rxjs';

/** One client of the SFU: its session, which is opened anew when it is lost, and what is sent and received over it. */
export type SfuConnection = Pick<PartyTracks, 'push' | 'pull' | 'session$'>;

/** Where devices and connections come from. partytracks, except where a test takes its place. */
export interface MediaKit {
  connect(config: PartyTracksConfig): SfuConnection;
  /** Nothing is asked of the person until the device is started. */
  microphone(): MediaDevice;
  camera(constraints: MediaTrackConstraints): MediaDevice;
  /** Asks which screen; emits its stream, and completes when the sharing ends or is declined. */
  screen(): Observable<MediaStream>;
}

export const partytracksKit: MediaKit = {
  connect: (config) => new PartyTracks(config),
  // Stays open while muted, so that nobody's first words are lost to its start.
  microphone: () => getMic({ activateSource: false, retainIdleTrack: true }),
  // Its light tells people that they are seen: off is off.
  camera: (constraints) => getCamera({ activateSource: false, retainIdleTrack: false, constraints }),
  screen: () => screenshare$({ video: true, audio: false }),
};
