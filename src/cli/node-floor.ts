import { belowNodeFloor, nodeFloor } from '../version.ts';

/** Said where it matters: by `--version`, `check` and `serve`, not by every command. */
export function nodeFloorWarning(): string | undefined {
  if (!belowNodeFloor(process.version)) return undefined;
  return `warning: Node ${process.version} lacks security fixes; serve the internet with v${nodeFloor} or later`;
}
