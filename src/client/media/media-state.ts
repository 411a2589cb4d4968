/** Why a device gives nothing. */
export type DeviceProblem =
  /** The person, or the browser for them, has said no. */
  | 'denied'
  /** There is none, or all are used by other programs. */
  | 'none'
  /** The page is not served over HTTPS, and browsers give devices to no other. */
  | 'insecure'
  | 'failed';

export type DeviceState = {
  /** Whether others get sound or picture of it. */
  readonly isOn: boolean;
  /** Between having been started and being on: perhaps the browser asks the person. */
  readonly isStarting: boolean;
  readonly problem: DeviceProblem | undefined;
  readonly devices: readonly MediaDeviceInfo[];
  /** The one in use, or to be used. */
  readonly activeDeviceId: string | undefined;
  /** What is sent, while it is on. */
  readonly track: MediaStreamTrack | undefined;
};

export type ScreenState = Pick<DeviceState, 'isOn' | 'isStarting' | 'problem' | 'track'>;

/** What is received of one user. */
export type RemoteTracks = { readonly [Kind in TrackKind]?: MediaStreamTrack };

/** The fields of a user's `tracks` that name a track. */
export type TrackKind = 'audio' | 'video' | 'screenshare';
export const TRACK_KINDS: readonly TrackKind[] = ['audio', 'video', 'screenshare'];

/** Smoothed measures of one's own connection to the SFU. */
export type MediaHealth = {
  /** Bits a second. */
  readonly outgoingBitrate: number;
  /** Of 1: what was sent and did not arrive. */
  readonly outgoingLoss: number;
  /** Of 1: what was to be received and did not arrive. */
  readonly incomingLoss: number;
};

/** All that can be known of sound and picture at one moment. Another object whenever anything in it is another. */
export type MediaState = {
  /** Whether the server has an SFU. */
  readonly isAvailable: boolean;
  /** Whether there is a connection to it. */
  readonly isConnected: boolean;
  readonly microphone: DeviceState;
  readonly camera: DeviceState;
  readonly screen: ScreenState;
  /** By user id, the AI included. */
  readonly others: ReadonlyMap<string, RemoteTracks>;
  readonly health: MediaHealth;
};
