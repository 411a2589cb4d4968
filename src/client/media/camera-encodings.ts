import type { WebcamLimits } from './server-offer.ts';

/** What of a camera is sent, within the server's limits. Larger pictures are scaled down by the browser. */
export function cameraEncodings(
  { maxBitrate, maxFramerate, maxLines }: WebcamLimits,
  { width, height }: Pick<MediaTrackSettings, 'width' | 'height'>,
): RTCRtpEncodingParameters[] {
  const lines = Math.min(width ?? maxLines, height ?? maxLines);
  return [{ maxBitrate, maxFramerate, scaleResolutionDownBy: Math.max(1, lines / maxLines) }];
}

/** What is asked of the camera itself: there is no use in more. */
export const cameraConstraints = ({ maxFramerate, maxLines }: WebcamLimits): MediaTrackConstraints => ({
  height: { ideal: maxLines },
  frameRate: { ideal: maxFramerate },
});
