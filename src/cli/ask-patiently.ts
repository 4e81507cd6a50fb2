import type { Clock } from '../clock.ts';
import { CliError } from './exit-codes.ts';

const rationMs = 1_000;
const triesMax = 30;

/** A long list has more parts than the gateway gives out at once. */
export async function askPatiently<Answer>(clock: Pick<Clock, 'sleep'>, ask: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === triesMax || !(error instanceof CliError) || !error.message.includes('(rate_limited)')) throw error;
      await clock.sleep(rationMs);
    }
  }
}
