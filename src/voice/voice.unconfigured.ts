import { VoiceError, type Voice } from './voice.ts';

/** The voice of a server without an AI account: every invitation fails at once and says why. */
export const unconfiguredVoice: Voice = {
  open: () => Promise.reject(new VoiceError('not_configured')),
  route: () => Promise.reject(new VoiceError('not_configured')),
  connect: () => Promise.reject(new VoiceError('not_configured')),
  disconnect: () => {},
  onEnded: () => () => {},
  close: () => {},
};
