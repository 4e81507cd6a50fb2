import type { Environment } from './environment.ts';
import { listen } from './field.ts';
import type { Settings } from './parse.ts';
import type { Report } from './report.ts';

/**
 * The addresses a container image names for whatever config it is given: a listener on loopback cannot be reached from
 * outside a container. Every command obeys them, so that `health` and the rest find a listener where `serve` has put it.
 */
const variables = { gateway: 'CALLORA_LISTEN', admin: 'CALLORA_ADMIN_LISTEN' } as const;

export function overrideListeners(settings: Settings, env: Environment, { source, problems }: Report): void {
  for (const section of ['gateway', 'admin'] as const) {
    const name = variables[section];
    const text = env[name];
    if (text === undefined || text === '') continue;
    const parsed = listen.safeParse(text);
    if (parsed.success) settings.sections[section].listen = parsed.data;
    else {
      const message = `is overridden by ${name}, which is not an address and a port`;
      problems.push(source.problem([section, 'listen'], message, 'such as 0.0.0.0:8402, or the variable unset'));
    }
  }
}
