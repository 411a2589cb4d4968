import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DEFAULT_SFU_SETTINGS } from '../src/sfu/sfu-settings.ts';
import { ConfigError, ENVIRONMENT_NAMES, loadConfig } from '../src/config.ts';
import { ERRORS, type ErrorCode } from '../src/errors.ts';
import { createLog } from '../src/log.ts';

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');

/** The rows of the README's table whose header starts with these columns. */
function table(...columns: string[]): string[][] {
  const lines = readme.split('\n');
  const cells = (line: string): string[] =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', ''));
  const header = lines.findIndex((line) => columns.every((column, index) => cells(line)[index] === column));
  const rest = lines.slice(header + 2);
  return rest
    .slice(
      0,
      rest.findIndex((line) => !line.startsWith('|')),
    )
    .map(cells);
}

describe('configuration', () => {
  test('an empty environment is a useful one', () => {
    expect(loadConfig({})).toEqual({
      host: '0.0.0.0',
      port: 8787,
      adminHost: '127.0.0.1',
      adminPort: 9090,
      adminToken: '',
      dataDir: './data',
      logLevel: 'info',
      sessionSecrets: [],
      allowedOrigins: [],
      trustedProxies: [],
      trustAccessEmailHeader: false,
      accessTeamOrigin: '',
      accessAudiences: [],
      joinTokenSecret: '',
      requireJoinToken: false,
      roomPolicy: 'open',
      callsAppId: '',
      callsAppSecret: '',
      callsApiUrl: 'https://rtc.live.cloudflare.com/v1',
      embeddedSfu: { ...DEFAULT_SFU_SETTINGS, port: 8_788, portMax: 8_797, isAiStandInEnabled: true },
      apiExtraParams: '',
      turnServiceId: '',
      turnServiceToken: '',
      turnTtlSeconds: 600,
      maxWebcamBitrate: 2_500_000,
      maxWebcamFramerate: 24,
      maxWebcamLines: 1_080,
      openAiToken: '',
      openAiEndpoint: 'https://api.openai.com/v1/realtime/calls',
      openAiModel: 'gpt-realtime-2.1',
      feedbackUrl: '',
      traceLink: '',
      reconnectGraceMs: 8_000,
      heartbeatTimeoutMs: 15_000,
      emptyRoomGraceMs: 15_000,
      periodicStateMs: 15_000,
      stateTickMs: 0,
      stateMaxTickMs: 100,
      aiConnectTimeoutMs: 20_000,
      drainSeconds: 5,
      maxFrameBytes: 1_048_576,
      maxFramesPerSecond: 100,
      maxBufferedBytes: 4_194_304,
      maxConnectionsPerAddress: 1_000,
      maxUsersPerRoom: 1_000,
      maxRooms: 100_000,
    });
  });

  test('is frozen', () => {
    expect(Object.isFrozen(loadConfig({}))).toBe(true);
  });

  test('empty values count as absent', () => {
    expect(loadConfig({ PORT: '', SESSION_SECRETS: '' })).toEqual(loadConfig({}));
  });

  test('lists are split and trimmed', () => {
    const secret = 'x'.repeat(32);
    const config = loadConfig({
      SESSION_SECRETS: ` ${secret} , ${secret}2`,
      ALLOWED_ORIGINS: 'https://A.example, http://b.example:8080',
      TRUSTED_PROXIES: '10.0.0.0/8,::1',
    });
    expect(config.sessionSecrets).toEqual([secret, `${secret}2`]);
    expect(config.allowedOrigins).toEqual(['https://a.example', 'http://b.example:8080']);
    expect(config.trustedProxies).toEqual(['10.0.0.0/8', '::1']);
  });

  test('reports every fault at once, by name', () => {
    const faults = {
      PORT: '70000',
      ADMIN_PORT: 'x',
      LOG_LEVEL: 'loud',
      SESSION_SECRETS: 'short',
      ALLOWED_ORIGINS: 'https://a.example/path',
      TRUSTED_PROXIES: '10.0.0.0/33',
      TRUST_ACCESS_EMAIL_HEADER: 'yes',
      RECONNECT_GRACE_MS: '-1',
      EMPTY_ROOM_GRACE_MS: '4294967296',
      MAX_ROOMS: '1.5',
    };
    const attempt = (): unknown => loadConfig(faults);
    expect(attempt).toThrow(ConfigError);
    for (const name of Object.keys(faults)) expect(attempt).toThrow(`${name}: `);
  });

  test.each(['oooOOooOOoOOoOOOOoo', `${'x'.repeat(32)},oooOOooOOoOOoOOOOoo`])(
    "the original server's public secret is refused",
    (secrets) => {
      expect(() => loadConfig({ SESSION_SECRETS: secrets })).toThrow('SESSION_SECRETS');
    },
  );
});

describe('the README', () => {
  test('names every setting, in the order of the configuration, and no other', () => {
    expect(table('variable', 'default').map(([name]) => name)).toEqual(ENVIRONMENT_NAMES);
  });

  test('states the defaults as they are', () => {
    const { embeddedSfu, ...rest } = loadConfig({});
    const { announcedAddress, port, portMax, isTcpEnabled, isAiStandInEnabled, limits } =
      embeddedSfu ?? DEFAULT_SFU_SETTINGS;
    const { maxSessions, maxTracks, maxBitrateBps, maxEgressPacketsPerSecond } = limits;
    const ofSfu = [
      embeddedSfu !== undefined,
      announcedAddress,
      `${port}-${portMax}`,
      isTcpEnabled,
      maxSessions,
      maxTracks,
      maxBitrateBps,
      maxEgressPacketsPerSecond,
      isAiStandInEnabled,
    ];
    const at = Object.keys(loadConfig({})).indexOf('embeddedSfu');
    const defaults = Object.values(rest).toSpliced(at, 0, ...ofSfu);
    const stated = table('variable', 'default').map(([, value]) => (value === 'none' ? '' : value));
    expect(stated).toEqual(defaults.map(String));
  });

  test('lists every error with its statuses', () => {
    const expected = Object.keys(ERRORS).map((code) => {
      const entry: { http?: number; close?: number; retryable: boolean; text: string } =
        ERRORS[code as ErrorCode];
      return [
        code,
        String(entry.http ?? ''),
        String(entry.close ?? ''),
        entry.retryable ? 'yes' : 'no',
        entry.text,
      ];
    });
    expect(table('code', 'HTTP')).toEqual(expected);
  });
});

test('the log redacts secrets wherever they stand', () => {
  const lines: string[] = [];
  const log = createLog('info', { write: (line) => void lines.push(line) });
  const secrets = {
    authorization: 's1',
    cookie: 's2',
    token: 's3',
    sdp: 's4',
    secret: 's5',
    messageJson: 's6',
  };
  log.info(
    { ...secrets, request: { ...secrets, headers: secrets }, instructions: 's7', kept: 'yes' },
    'text',
  );
  expect(lines.join('')).not.toMatch(/s[1-7]"/);
  expect(lines.join('')).toContain('"kept":"yes"');
});
