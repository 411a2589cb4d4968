import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { MediaEngine } from './media/session-media.ts';
import type { SfuSettings } from './sfu-settings.ts';
import type { TransportHub } from './transport/session-transport.ts';

/** What the embedded SFU is made of below its sessions. A module with these is loaded in the worker thread. */
export interface SfuParts {
  /** Takes the ports. Rejects when there are none to be had. */
  createTransportHub(settings: SfuSettings, clock: Clock, log: Logger): Promise<TransportHub> | TransportHub;
  createMediaEngine(settings: SfuSettings, clock: Clock, log: Logger): MediaEngine;
}
