/** Everything that can be set about the embedded SFU, in the units of its names. Plain data: it travels to the worker thread. */
export type SfuSettings = {
  /** The address told to clients in place of those of this machine, as behind NAT or in a container; empty: its own ones. */
  readonly announcedAddress: string;
  /** The UDP port for media; with `portMax` above it, the first of a range; 0: whatever is free. */
  readonly port: number;
  readonly portMax: number;
  /** Whether media may come by TCP (RFC 6544) on the same port, for networks that let no UDP out. */
  readonly isTcpEnabled: boolean;
  /** Whether there is an AI that needs no key: it repeats what it hears. */
  readonly isAiStandInEnabled: boolean;
  readonly limits: SfuLimits;
};

/** What the embedded SFU refuses to go beyond. Every one of them is told to whoever runs into it. */
export type SfuLimits = {
  /** A client has one session, and each AI one more. */
  readonly maxSessions: number;
  /** Published and received tracks together. */
  readonly maxTracksPerSession: number;
  /** The same, of all sessions. */
  readonly maxTracks: number;
  /** What one published picture may take, with all its simulcast layers; told to the publisher as `b=`. */
  readonly maxBitrateBps: number;
  /** Of all subscribers together; above it, nothing more can be pulled. */
  readonly maxEgressPacketsPerSecond: number;
  /** Of one session, as the hosted API has it. */
  readonly maxRequestsPerSecond: number;
  readonly maxBodyBytes: number;
};

/**
 * Measured on two shared cores (`npm run bench:sfu`, bench/README.md): 13,000 packets a second, which is eight publishers who all see
 * each other, take 37 % of a core. Where a core is full latency grows to seconds; the default stops at what is reckoned to be
 * 70 % of one, with ten publishers.
 */
export const DEFAULT_SFU_LIMITS: SfuLimits = {
  maxSessions: 500,
  maxTracksPerSession: 256,
  maxTracks: 8_000,
  maxBitrateBps: 2_500_000,
  maxEgressPacketsPerSecond: 25_000,
  maxRequestsPerSecond: 50,
  maxBodyBytes: 2 * 1024 * 1024,
};

export const DEFAULT_SFU_SETTINGS: SfuSettings = {
  announcedAddress: '',
  port: 0,
  portMax: 0,
  isTcpEnabled: true,
  isAiStandInEnabled: false,
  limits: DEFAULT_SFU_LIMITS,
};
