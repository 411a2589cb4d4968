import type { LogLevel } from '../log.ts';
import type { MediaTotals } from './media/session-media.ts';
import type { RegistryStats } from './session/session-registry.ts';
import type { SfuSettings } from './sfu-settings.ts';
import type { Candidate } from './transport/session-transport.ts';

/** How the SFU's API is reached; the same for as long as the server runs. */
export type SfuAccess = { readonly appId: string; readonly appSecret: string; readonly port: number };

/** What the worker thread is started with. */
export type SfuWorkerData = {
  readonly settings: SfuSettings;
  readonly access: SfuAccess;
  readonly logLevel: LogLevel;
  /** The module of the `SfuParts`. */
  readonly partsUrl: string;
};

export type SfuStats = RegistryStats & MediaTotals;

/** From the worker thread. */
export type SfuReport =
  | { readonly type: 'listening'; readonly port: number; readonly candidates: readonly Candidate[] }
  | { readonly type: 'stats'; readonly stats: SfuStats }
  /** A line of pino's. */
  | { readonly type: 'log'; readonly line: string };

/** To the worker thread. */
export type SfuCommand = { readonly type: 'stop' };
