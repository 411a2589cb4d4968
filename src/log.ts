import { pino, type DestinationStream, type Logger } from 'pino';

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/** Fields whose values never reach a log, wherever they stand in the first three levels. */
const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'token',
  'secret',
  'secrets',
  'sdp',
  'message',
  'messageJson',
  'instructions',
  'webhookUrl',
];

const redactPaths = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]).filter(
  // The message of an error is the log's own business.
  (path) => path !== '*.message' && path !== '*.*.message',
);

/**
 * The process's logger: one JSON object a line. error: a person must act. warn: a limit was reached or a setting is
 * doubtful. info: the life of the server, of rooms, users and meetings. Nothing per message above debug.
 */
export function createLog(level: LogLevel, destination?: DestinationStream): Logger {
  const options = { level, base: null, redact: { paths: redactPaths, censor: '[redacted]' } };
  return destination === undefined ? pino(options) : pino(options, destination);
}
