import { z } from 'zod';
import {
  JWT_SECRET,
  address,
  durationMs,
  flag,
  flagOn,
  integer,
  isSafeUrl,
  list,
  origin,
  origins,
  port,
  portRange,
  ranges,
  safeUrl,
  secrets,
  segment,
} from './config-fields.ts';
import { DEFAULT_SFU_LIMITS, type SfuSettings } from './sfu/sfu-settings.ts';

/** One line of the README's table for each of these; a test compares the two. */
const environmentSchema = z.object({
  HOST: z.string().min(1).default('0.0.0.0'),
  PORT: port(8787),
  ADMIN_HOST: z.string().min(1).default('127.0.0.1'),
  ADMIN_PORT: port(9090),
  ADMIN_TOKEN: z
    .string()
    .default('')
    .refine((value) => value === '' || value.length >= 16, 'must have at least 16 characters'),
  DATA_DIR: z.string().min(1).default('./data'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  SESSION_SECRETS: secrets,
  ALLOWED_ORIGINS: origins,
  TRUSTED_PROXIES: ranges,
  TRUST_ACCESS_EMAIL_HEADER: flag,
  ACCESS_TEAM_DOMAIN: origin,
  ACCESS_AUD: list,
  JOIN_TOKEN_SECRET: JWT_SECRET,
  REQUIRE_JOIN_TOKEN: flag,
  ROOM_POLICY: z.enum(['open', 'moderated']).default('open'),
  CALLS_APP_ID: segment,
  CALLS_APP_SECRET: z.string().default(''),
  CALLS_API_URL: safeUrl('https://rtc.live.cloudflare.com/v1'),
  EMBEDDED_SFU: flagOn,
  SFU_ANNOUNCED_ADDRESS: address,
  SFU_PORT: portRange('8788-8797'),
  SFU_TCP: flagOn,
  SFU_MAX_SESSIONS: integer(1, 100_000, DEFAULT_SFU_LIMITS.maxSessions),
  SFU_MAX_TRACKS: integer(1, 1_000_000, DEFAULT_SFU_LIMITS.maxTracks),
  SFU_MAX_BITRATE: integer(50_000, 100_000_000, DEFAULT_SFU_LIMITS.maxBitrateBps),
  SFU_MAX_PACKETS_PER_SECOND: integer(100, 10_000_000, DEFAULT_SFU_LIMITS.maxEgressPacketsPerSecond),
  AI_STAND_IN: flagOn,
  API_EXTRA_PARAMS: z.string().max(1_024).default(''),
  TURN_SERVICE_ID: segment,
  TURN_SERVICE_TOKEN: z.string().default(''),
  TURN_TTL_SECONDS: integer(60, 172_800, 600),
  MAX_WEBCAM_BITRATE: integer(50_000, 100_000_000, 2_500_000),
  MAX_WEBCAM_FRAMERATE: integer(1, 120, 24),
  MAX_WEBCAM_QUALITY_LEVEL: integer(90, 4_320, 1_080),
  OPENAI_API_TOKEN: z.string().default(''),
  OPENAI_MODEL_ENDPOINT: safeUrl('https://api.openai.com/v1/realtime/calls'),
  OPENAI_MODEL_ID: z
    .string()
    .regex(/^[\w.:-]{1,128}$/, 'must be the name of a model')
    .default('gpt-realtime-2.1'),
  FEEDBACK_URL: safeUrl(''),
  TRACE_LINK: z
    .string()
    .default('')
    .refine(
      (text) => text === '' || (isSafeUrl(text) && text.includes('{id}')),
      'must be an https URL with {id}',
    ),
  RECONNECT_GRACE_MS: durationMs(8_000),
  HEARTBEAT_TIMEOUT_MS: durationMs(15_000, 1_000),
  EMPTY_ROOM_GRACE_MS: durationMs(15_000),
  PERIODIC_STATE_MS: durationMs(15_000),
  STATE_TICK_MS: integer(0, 1_000, 0),
  STATE_MAX_TICK_MS: integer(0, 1_000, 100),
  AI_CONNECT_TIMEOUT_MS: durationMs(20_000, 1),
  DRAIN_SECONDS: integer(0, 3_600, 5),
  MAX_FRAME_BYTES: integer(1_024, 16 * 1024 * 1024, 1024 * 1024),
  MAX_FRAMES_PER_SECOND: integer(1, 1_000_000, 100),
  MAX_BUFFERED_BYTES: integer(64 * 1024, 1024 * 1024 * 1024, 4 * 1024 * 1024),
  MAX_CONNECTIONS_PER_ADDRESS: integer(1, 10_000_000, 1_000),
  MAX_USERS_PER_ROOM: integer(1, 100_000, 1_000),
  MAX_ROOMS: integer(1, 10_000_000, 100_000),
});

/** Settings that say something together only. */
const TOGETHER = [
  ['ACCESS_TEAM_DOMAIN', 'ACCESS_AUD'],
  ['CALLS_APP_ID', 'CALLS_APP_SECRET'],
  ['TURN_SERVICE_ID', 'TURN_SERVICE_TOKEN'],
] as const satisfies readonly (readonly (keyof Environment)[])[];

const checkedSchema = environmentSchema.superRefine((env, context) => {
  const fault = (path: keyof Environment, message: string): void =>
    context.addIssue({ code: 'custom', path: [path], message });
  for (const pair of TOGETHER) {
    const missing = pair.filter((name) => env[name].length === 0);
    if (missing.length === 1 && missing[0] !== undefined) {
      fault(missing[0], `is needed with ${pair.find((name) => name !== missing[0])}`);
    }
  }
  if (env.REQUIRE_JOIN_TOKEN && env.JOIN_TOKEN_SECRET === '') {
    fault('JOIN_TOKEN_SECRET', 'is needed with REQUIRE_JOIN_TOKEN, or nobody can come in');
  }
});

export type Environment = z.infer<typeof environmentSchema>;
export const ENVIRONMENT_NAMES = Object.keys(environmentSchema.shape);

/** Everything that can be set, checked, in the units of its names. Frozen. */
export type Config = Readonly<{
  host: string;
  port: number;
  adminHost: string;
  adminPort: number;
  /** Empty: the admin port is for this machine alone. */
  adminToken: string;
  dataDir: string;
  logLevel: Environment['LOG_LEVEL'];
  /** The first signs, all verify. Empty: the server makes one and keeps it in `dataDir`. */
  sessionSecrets: readonly string[];
  allowedOrigins: readonly string[];
  /** Addresses or CIDR ranges whose `X-Forwarded-*` is believed. */
  trustedProxies: readonly string[];
  trustAccessEmailHeader: boolean;
  /** The origin of the Access team; empty without Access. */
  accessTeamOrigin: string;
  accessAudiences: readonly string[];
  /** Empty: there are no invitations. */
  joinTokenSecret: string;
  requireJoinToken: boolean;
  roomPolicy: Environment['ROOM_POLICY'];
  /** Empty, as the secret: there is no SFU but the embedded one. */
  callsAppId: string;
  callsAppSecret: string;
  callsApiUrl: string;
  /** The SFU of this process; nothing where another is configured, or none is wanted. */
  embeddedSfu: SfuSettings | undefined;
  /** A query string that every request to the SFU carries. */
  apiExtraParams: string;
  /** Empty, as the token: STUN only. */
  turnServiceId: string;
  turnServiceToken: string;
  turnTtlSeconds: number;
  /** What pages send of a camera at most: bits and pictures a second, and lines of a picture. */
  maxWebcamBitrate: number;
  maxWebcamFramerate: number;
  maxWebcamLines: number;
  /** Empty: there is no AI. */
  openAiToken: string;
  openAiEndpoint: string;
  openAiModel: string;
  /** Where reports go; empty: nowhere. */
  feedbackUrl: string;
  /** A page about an SFU session, `{id}` in place of its id; empty without. */
  traceLink: string;
  reconnectGraceMs: number;
  heartbeatTimeoutMs: number;
  emptyRoomGraceMs: number;
  periodicStateMs: number;
  stateTickMs: number;
  stateMaxTickMs: number;
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

const embeddedSfuOf = (env: Environment): SfuSettings | undefined =>
  env.CALLS_APP_ID !== '' || !env.EMBEDDED_SFU
    ? undefined
    : {
        announcedAddress: env.SFU_ANNOUNCED_ADDRESS,
        port: env.SFU_PORT.from,
        portMax: env.SFU_PORT.to,
        isTcpEnabled: env.SFU_TCP,
        isAiStandInEnabled: env.AI_STAND_IN && env.OPENAI_API_TOKEN === '',
        limits: {
          ...DEFAULT_SFU_LIMITS,
          maxSessions: env.SFU_MAX_SESSIONS,
          maxTracks: env.SFU_MAX_TRACKS,
          maxBitrateBps: env.SFU_MAX_BITRATE,
          maxEgressPacketsPerSecond: env.SFU_MAX_PACKETS_PER_SECOND,
        },
      };

/**
 * Reads the settings out of an environment. Pure; an empty environment is a useful one. Empty values count as absent,
 * as they do in compose files. Throws {@link ConfigError}.
 */
export function loadConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const present = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = checkedSchema.safeParse(present);
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
  }
  const env = parsed.data;
  return Object.freeze({
    host: env.HOST,
    port: env.PORT,
    adminHost: env.ADMIN_HOST,
    adminPort: env.ADMIN_PORT,
    adminToken: env.ADMIN_TOKEN,
    dataDir: env.DATA_DIR,
    logLevel: env.LOG_LEVEL,
    sessionSecrets: env.SESSION_SECRETS,
    allowedOrigins: env.ALLOWED_ORIGINS.map((origin) => origin.toLowerCase()),
    trustedProxies: env.TRUSTED_PROXIES,
    trustAccessEmailHeader: env.TRUST_ACCESS_EMAIL_HEADER,
    accessTeamOrigin: env.ACCESS_TEAM_DOMAIN,
    accessAudiences: env.ACCESS_AUD,
    joinTokenSecret: env.JOIN_TOKEN_SECRET,
    requireJoinToken: env.REQUIRE_JOIN_TOKEN,
    roomPolicy: env.ROOM_POLICY,
    callsAppId: env.CALLS_APP_ID,
    callsAppSecret: env.CALLS_APP_SECRET,
    callsApiUrl: env.CALLS_API_URL,
    embeddedSfu: embeddedSfuOf(env),
    apiExtraParams: env.API_EXTRA_PARAMS,
    turnServiceId: env.TURN_SERVICE_ID,
    turnServiceToken: env.TURN_SERVICE_TOKEN,
    turnTtlSeconds: env.TURN_TTL_SECONDS,
    maxWebcamBitrate: env.MAX_WEBCAM_BITRATE,
    maxWebcamFramerate: env.MAX_WEBCAM_FRAMERATE,
    maxWebcamLines: env.MAX_WEBCAM_QUALITY_LEVEL,
    openAiToken: env.OPENAI_API_TOKEN,
    openAiEndpoint: env.OPENAI_MODEL_ENDPOINT,
    openAiModel: env.OPENAI_MODEL_ID,
    feedbackUrl: env.FEEDBACK_URL,
    traceLink: env.TRACE_LINK,
    reconnectGraceMs: env.RECONNECT_GRACE_MS,
    heartbeatTimeoutMs: env.HEARTBEAT_TIMEOUT_MS,
    emptyRoomGraceMs: env.EMPTY_ROOM_GRACE_MS,
    periodicStateMs: env.PERIODIC_STATE_MS,
    stateTickMs: env.STATE_TICK_MS,
    stateMaxTickMs: env.STATE_MAX_TICK_MS,
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
