import pino, { type DestinationStream, type Logger } from 'pino';

export type Log = Logger;

/** Field names whose values never reach a log line, at the top or one level down. */
const secretFields = ['authorization', 'cookie', 'token', 'secret', 'seed', 'password', 'x-api-key', 'adminToken'];

/** One JSON object a line, secrets removed by field name. The level is a pino level name. */
export function createLog(level: string, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: secretFields.flatMap((field) => [`["${field}"]`, `*["${field}"]`]), censor: '[redacted]' },
  };
  return destination ? pino(options, destination) : pino(options, pino.destination({ fd: 2, sync: true }));
}

/** A log that says nothing, for tests and commands that print their own results. */
export function silentLog(): Log {
  return pino({ level: 'silent' });
}
