import type { UpstreamHealth } from '../catalog/model.ts';
import type { Clock } from '../clock.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { type Probe, startProbe } from './probe.ts';
import { nextVerdict, type ProbeVerdict, trusted } from './probe-verdict.ts';
import type { UpstreamError } from './upstream-error.ts';

/** Asks one target for its health at an interval: the active health check. */
export class HealthCheck {
  verdict: ProbeVerdict = trusted;
  /** Why the last probe failed; undefined when it did not. */
  trouble: string | undefined;
  readonly #settings: ConnectionSettings;
  readonly #health: UpstreamHealth;
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #stopping = new AbortController();
  #probe: Probe | undefined;

  constructor(settings: ConnectionSettings, health: UpstreamHealth, clock: Clock, onChange: () => void) {
    this.#settings = settings;
    this.#health = health;
    this.#clock = clock;
    this.#onChange = onChange;
    void this.#run();
  }

  sweep(nowMs: number): void {
    this.#probe?.sweep(nowMs);
  }

  stop(): void {
    this.#stopping.abort();
    this.#probe?.stop();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#probe = startProbe(this.#settings, { method: 'GET', ...this.#health });
      const trouble = troubleOf(this.#health.path, await this.#probe.answer);
      this.#probe = undefined;
      if (signal.aborted) return;
      const before = this.verdict;
      this.trouble = trouble;
      this.verdict = nextVerdict(before, trouble === undefined, this.#health);
      if (this.verdict.healthy !== before.healthy) this.#onChange();
      await this.#clock.sleep(this.#health.intervalMs, signal);
    }
  }
}

/** Healthy is a 2xx in time. */
function troubleOf(path: string, said: number | UpstreamError): string | undefined {
  if (typeof said !== 'number') return said.message;
  return said >= 200 && said < 300 ? undefined : `${path} answers ${said}`;
}
