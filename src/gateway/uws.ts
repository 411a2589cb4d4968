export { MAX_HEADER_BYTES } from './header-limit.ts';

/** The one import of uWebSockets.js: its limit of header bytes must be set before the library is loaded. */
export * from 'uWebSockets.js';
