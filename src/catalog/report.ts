import type { Problem, Source } from './source.ts';

/** Where the compile step reports: problems stop the load, warnings do not. Relative paths start at `folder`. */
export type Report = { source: Source; folder: string; problems: Problem[]; warnings: Problem[] };
