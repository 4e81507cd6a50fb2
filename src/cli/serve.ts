import { Command } from 'commander';
import type { Cli, RunningApp, ServeOptions } from './cli.ts';
import { readConfig, withConfigOption } from './config-option.ts';
import { nodeFloorWarning } from './node-floor.ts';
import { openAdminWarning } from './open-admin.ts';

export function serveCommand(cli: Cli): Command {
  return withConfigOption(new Command('serve'))
    .description('run the gateway until SIGTERM or Ctrl-C; SIGHUP loads the catalog again')
    .option('--first-start', 'no gateway has ever served on this vault: begin at once, although it holds deposits')
    .action(({ config, firstStart = false }: { config: string; firstStart?: boolean }) =>
      serve(cli, config, { firstStart }),
    );
}

/** Runs until the first SIGTERM or SIGINT, also one that comes during the start; running calls finish first. */
async function serve(cli: Cli, configFile: string, options: ServeOptions): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  // Also one that comes during the start: unheard it would end the process.
  let app: RunningApp | undefined;
  let reloadAsked = false;
  const reload = () => {
    if (app) app.reload();
    else reloadAsked = true;
  };
  process.on('SIGHUP', reload);
  const warning = nodeFloorWarning();
  if (warning !== undefined) cli.note(warning);
  const config = readConfig(cli, configFile);
  const openAdmin = openAdminWarning(config);
  if (openAdmin !== undefined) cli.note(`warning: ${openAdmin}`);
  app = await cli.startApp(config, options);
  if (reloadAsked) app.reload();
  cli.note(`gateway ${app.gatewayUrl}, operator ${app.adminUrl}`);
  await ended;
  await app.stop();
  process.off('SIGHUP', reload);
}
