export { RoomMedia, type RoomMediaOptions } from './room-media.ts';
export type { LocalDevice } from './local-device.ts';
export type { ScreenShare } from './screen-share.ts';
export type { MediaKit, SfuConnection } from './media-kit.ts';
export { askServerOffer, type ServerOffer, type WebcamLimits } from './server-offer.ts';
export type {
  DeviceProblem,
  DeviceState,
  MediaHealth,
  MediaState,
  RemoteTracks,
  ScreenState,
  TrackKind,
} from './media-state.ts';
