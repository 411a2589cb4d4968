import type { LogLevel } from '../log.ts';
import type { MediaTotals } from './media/session-media.ts';
import type { RegistryStats } from './session/session-registry.ts';
import type { SfuSettings } from './sfu-settings.ts';
import type { AiStandInAddress } from './stand-in/ai-stand-in.ts';
import type { Candidate } from './transport/session-transport.ts';

/** How the APIs are reached; the same for as long as the server runs. A port of 0 is whatever is free. */
export type SfuAccess = {
  readonly appId: string;
  readonly appSecret: string;
  readonly port: number;
  readonly standIn: { readonly token: string; readonly port: number };
};

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
  | {
      readonly type: 'listening';
      readonly port: number;
      readonly standIn: AiStandInAddress | undefined;
      readonly candidates: readonly Candidate[];
    }
  | { readonly type: 'stats'; readonly stats: SfuStats }
  /** A line of pino's. */
  | { readonly type: 'log'; readonly line: string };

/** To the worker thread. */
export type SfuCommand = { readonly type: 'stop' };
