import type { ContestantName } from './contestants/contestants.ts';
import type { Stage } from './stage.ts';

/** What is asked for on the command line, and what follows from the machine. */
export type Settings = {
  readonly runs: number;
  /** How long one measurement takes. */
  readonly seconds: number;
  /** Tiny numbers: that it works, not how fast. */
  readonly smoke: boolean;
  /** Only these numbers of clients, where a scenario has several. */
  readonly clients: readonly number[] | undefined;
  /** Only these sizes of frames, where a scenario has several. */
  readonly bytes: readonly number[] | undefined;
  /** Only these contestants. */
  readonly contestants: readonly ContestantName[] | undefined;
  /** What our clients ask for by the query parameter `features`; empty: stock clients. Not given: both kinds, one by one. */
  readonly features: string | undefined;
};

/** Measured values by name; names.ts says what each is and its unit. The first is what is compared. */
export type Figures = Readonly<Record<string, number>>;

/** What one contestant did once. `what` is the part of its case, when that has several. */
export type Sample = { readonly what: string; readonly figures: Figures; readonly faults: readonly string[] };

/** Something that every contestant does in turns. */
export type Case = {
  readonly title: string;
  readonly contestants: readonly ContestantName[];
  /** Once, with processes of its own. */
  readonly measure: (contestant: ContestantName, staging: Staging) => Promise<readonly Sample[]>;
};

/** Gives a scenario its server and its load, and takes them away. */
export type Staging = {
  readonly settings: Settings;
  readonly with: <T>(
    contestant: ContestantName,
    options: StageOptions,
    body: (stage: Stage) => Promise<T>,
  ) => Promise<T>;
};

export type StageOptions = {
  /** What contestants but ours do with a frame: relay it, or answer everybody with so many bytes. */
  readonly task: 'relay' | number;
  /** In place of the command line's: what our clients ask for, such as `patch`. */
  readonly features?: string;
  /** Settings of our server. */
  readonly env?: Readonly<Record<string, string>>;
};

/** What was aimed at; nothing fails by it. It is held against our rows whose title matches. */
export type Aim = {
  readonly rows: RegExp;
  readonly text: string;
  readonly figure: string;
  /** The aim is a share of this contestant's figure. */
  readonly of?: ContestantName;
  readonly atLeast?: number;
  readonly atMost?: number;
};

export type Scenario = {
  readonly name: string;
  readonly title: string;
  readonly aims: readonly Aim[];
  readonly cases: (settings: Settings) => readonly Case[];
};
