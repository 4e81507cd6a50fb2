import type { Config } from '../catalog/model.ts';
import type { Clock } from '../clock.ts';
import { createAccessLog } from '../gateway/access-log.ts';
import type { CallRecord } from '../gateway/call-record.ts';
import { createLineWriter, writeTo } from '../line-writer.ts';
import type { Log } from '../log.ts';

export type OpenAccessLog = {
  /** Undefined when no access log is kept. */
  logCall: ((record: CallRecord) => void) | undefined;
  dropped(): number;
  close(): Promise<void>;
};

/**
 * The access log on the descriptor that all lines go to. Lines wait a moment for others, so a killed process loses its
 * last ones; whatever else ends the process, an exception included, writes them first.
 */
export function openAccessLog({ log: { access } }: Config, { clock, log }: { clock: Clock; log: Log }): OpenAccessLog {
  if (!access || !log.isLevelEnabled('info')) return { logCall: undefined, dropped: () => 0, close: async () => {} };
  const writer = createLineWriter({ clock, to: writeTo(2) });
  process.on('exit', writer.flush);
  return {
    logCall: createAccessLog({ clock, add: writer.add }),
    dropped: writer.dropped,
    async close() {
      process.off('exit', writer.flush);
      writer.close();
    },
  };
}
