import pino, { type DestinationStream, type Logger } from 'pino';
import { redactFields, redactText } from './redact.ts';

export type Log = Logger;

/** One JSON object a line, without secrets. The level is a pino level name. */
export function createLog(level: string, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) => ({ ...(redactFields(fields) as Record<string, unknown>) }),
    },
    // An error may carry what it failed on: its fields are looked through like any other.
    serializers: { err: (error: Error) => redactFields({ ...pino.stdSerializers.err(error) }) },
    hooks: { streamWrite: redactText },
  };
  return destination ? pino(options, destination) : pino(options, pino.destination({ fd: 2, sync: true }));
}

/** A log that says nothing, for tests and commands that print their own results. */
export function silentLog(): Log {
  return pino({ level: 'silent' });
}
