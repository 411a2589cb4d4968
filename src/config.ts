import { isIP } from 'node:net';
import { z } from 'zod';

const integer = (min: number, max: number, fallback: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);

const port = (fallback: number) => integer(0, 65_535, fallback);

/** A duration; below 2^31 ms because Node fires longer timers at once. */
const durationMs = (fallback: number, min = 0) => integer(min, 2 ** 31 - 1, fallback);

const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  );

const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true');

/** The secret that the original server shipped in its public source: anyone can sign with it. */
const PUBLIC_SECRET = 'oooOOooOOoOOoOOOOoo';
const MIN_SECRET_LENGTH = 32;

const secrets = list.refine(
  (values) => values.every((value) => value.length >= MIN_SECRET_LENGTH && value !== PUBLIC_SECRET),
  `each secret must have at least ${MIN_SECRET_LENGTH} characters, and must not be the original server's public one`,
);

const origins = list.refine(
  (values) => values.every((value) => URL.canParse(value) && new URL(value).origin === value.toLowerCase()),
  'must be origins such as https://meet.example.org, separated by commas',
);

const isRange = (text: string): boolean => {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  const longest = family === 4 ? 32 : 128;
  return (
    family !== 0 &&
    rest.length === 0 &&
    (prefix === undefined || (/^\d+$/.test(prefix) && Number(prefix) <= longest))
  );
};

const ranges = list.refine(
  (values) => values.every(isRange),
  'must be addresses or CIDR ranges, separated by commas',
);

/** One line of the README's table for each of these; a test compares the two. */
const environmentSchema = z.object({
  HOST: z.string().min(1).default('0.0.0.0'),
  PORT: port(8787),
  ADMIN_HOST: z.string().min(1).default('127.0.0.1'),
  ADMIN_PORT: port(9090),
  DATA_DIR: z.string().min(1).default('./data'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  SESSION_SECRETS: secrets,
  ALLOWED_ORIGINS: origins,
  TRUSTED_PROXIES: ranges,
  TRUST_ACCESS_EMAIL_HEADER: flag,
  RECONNECT_GRACE_MS: durationMs(8_000),
  HEARTBEAT_TIMEOUT_MS: durationMs(15_000, 1_000),
  EMPTY_ROOM_GRACE_MS: durationMs(15_000),
  PERIODIC_STATE_MS: durationMs(15_000),
  STATE_TICK_MS: integer(0, 1_000, 0),
  AI_CONNECT_TIMEOUT_MS: durationMs(20_000, 1),
  DRAIN_SECONDS: integer(0, 3_600, 5),
  MAX_FRAME_BYTES: integer(1_024, 16 * 1024 * 1024, 1024 * 1024),
  MAX_FRAMES_PER_SECOND: integer(1, 1_000_000, 100),
  MAX_BUFFERED_BYTES: integer(64 * 1024, 1024 * 1024 * 1024, 4 * 1024 * 1024),
  MAX_CONNECTIONS_PER_ADDRESS: integer(1, 10_000_000, 1_000),
  MAX_USERS_PER_ROOM: integer(1, 100_000, 1_000),
  MAX_ROOMS: integer(1, 10_000_000, 100_000),
});

export type Environment = z.infer<typeof environmentSchema>;
export const ENVIRONMENT_NAMES = Object.keys(environmentSchema.shape);

/** Everything that can be set, checked, in the units of its names. Frozen. */
export type Config = Readonly<{
  host: string;
  port: number;
  adminHost: string;
  adminPort: number;
  dataDir: string;
  logLevel: Environment['LOG_LEVEL'];
  /** The first signs, all verify. Empty: the server makes one and keeps it in `dataDir`. */
  sessionSecrets: readonly string[];
  allowedOrigins: readonly string[];
  /** Addresses or CIDR ranges whose `X-Forwarded-*` is believed. */
  trustedProxies: readonly string[];
  trustAccessEmailHeader: boolean;
  reconnectGraceMs: number;
  heartbeatTimeoutMs: number;
  emptyRoomGraceMs: number;
  periodicStateMs: number;
  stateTickMs: number;
  aiConnectTimeoutMs: number;
  drainSeconds: number;
  maxFrameBytes: number;
  maxFramesPerSecond: number;
  maxBufferedBytes: number;
  maxConnectionsPerAddress: number;
  maxUsersPerRoom: number;
  maxRooms: number;
}>;

/** All faults of the environment at once, one a line, for a person to read. */
export class ConfigError extends Error {
  constructor(faults: readonly string[]) {
    super(`The configuration is not valid:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/**
 * Reads the settings out of an environment. Pure; an empty environment is a useful one. Empty values count as absent,
 * as they do in compose files. Throws {@link ConfigError}.
 */
export function loadConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const present = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = environmentSchema.safeParse(present);
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
  }
  const env = parsed.data;
  return Object.freeze({
    host: env.HOST,
    port: env.PORT,
    adminHost: env.ADMIN_HOST,
    adminPort: env.ADMIN_PORT,
    dataDir: env.DATA_DIR,
    logLevel: env.LOG_LEVEL,
    sessionSecrets: env.SESSION_SECRETS,
    allowedOrigins: env.ALLOWED_ORIGINS.map((origin) => origin.toLowerCase()),
    trustedProxies: env.TRUSTED_PROXIES,
    trustAccessEmailHeader: env.TRUST_ACCESS_EMAIL_HEADER,
    reconnectGraceMs: env.RECONNECT_GRACE_MS,
    heartbeatTimeoutMs: env.HEARTBEAT_TIMEOUT_MS,
    emptyRoomGraceMs: env.EMPTY_ROOM_GRACE_MS,
    periodicStateMs: env.PERIODIC_STATE_MS,
    stateTickMs: env.STATE_TICK_MS,
    aiConnectTimeoutMs: env.AI_CONNECT_TIMEOUT_MS,
    drainSeconds: env.DRAIN_SECONDS,
    maxFrameBytes: env.MAX_FRAME_BYTES,
    maxFramesPerSecond: env.MAX_FRAMES_PER_SECOND,
    maxBufferedBytes: env.MAX_BUFFERED_BYTES,
    maxConnectionsPerAddress: env.MAX_CONNECTIONS_PER_ADDRESS,
    maxUsersPerRoom: env.MAX_USERS_PER_ROOM,
    maxRooms: env.MAX_ROOMS,
  });
}
