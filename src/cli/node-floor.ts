import { belowNodeFloor, nodeFloor } from '../version.ts';
import type { Cli } from './cli.ts';

/** Said where it matters: by `--version`, `check` and `serve`, not by every command. */
export function noteNodeFloor(cli: Pick<Cli, 'note'>): void {
  if (!belowNodeFloor(process.version)) return;
  cli.note(`warning: Node ${process.version} lacks security fixes; serve the internet with v${nodeFloor} or later`);
}
