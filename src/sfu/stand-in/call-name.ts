/**
 * How the names of the stand-in's calls begin, so that nobody asks it about calls of the real API. Apart from the stand-in, whose
 * WebRTC library the main thread is not to load.
 */
export const STAND_IN_CALL = 'rtc_echo_';
