import { hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Meta } from '../store/meta.ts';
import type { RootRow, Roots } from '../store/roots.ts';
import { adoptedChain, adoptionOf } from './adoption.ts';

/**
 * The published roots, and the chain values between them. The vault keeps one value per lane,
 *   chain after b = sha256(chain after b − 1 | b, 8 bytes big-endian | root of b),
 * so whoever holds the roots can fold them and compare. Batches that were settled before this database began have roots
 * that nobody here knows: the list then starts behind them, with the vault's value from that time.
 */
export type RootChain = {
  /** The first roots of a lane above batch `after`, without a gap among them. Undefined for a lane that is not in use. */
  part(lane: number, after: number): Promise<RootsPart | undefined>;
  lanes(): Promise<LaneRoots[]>;
};

export type ChainPoint = {
  batch: number;
  /** Chain value after that batch, hex; undefined when roots before it are missing. */
  chain: string | undefined;
};

export type RootsPart = {
  lane: number;
  /** What the fold starts from. */
  after: ChainPoint;
  roots: RootRow[];
  /** Ask again with this batch for the following part. */
  next: number | undefined;
};

export type LaneRoots = { lane: number; first: number | undefined; last: ChainPoint };

export type RootChainDeps = { roots: Roots; meta: Pick<Meta, 'get'> };

/** About 100 KB of JSON, and some 2 ms to read and fold. */
export const rootsPerPart = 500;

const start: ChainPoint = { batch: 0, chain: '0'.repeat(64) };

type LaneState = { tip: ChainPoint /** Points to start a fold from, `rootsPerPart` apart. */; marks: ChainPoint[] };

export function createRootChain({ roots, meta }: RootChainDeps): RootChain {
  const states = new Map<number, LaneState>();
  let queue: Promise<unknown> = Promise.resolve();

  /** Folds what was confirmed since the last time, in steps, one caller at a time. */
  function caughtUp(lane: number): Promise<LaneState> {
    const result = queue.then(async () => {
      const state = states.get(lane) ?? { tip: start, marks: [start] };
      states.set(lane, state);
      for (;;) {
        const rows = roots.page(lane, state.tip.batch, rootsPerPart);
        state.tip = fold(lane, state.tip, rows);
        if (rows.length < rootsPerPart) return state;
        state.marks.push(state.tip);
        await nextTurn();
      }
    });
    queue = result.catch(() => undefined);
    return result;
  }

  function fold(lane: number, from: ChainPoint, rows: RootRow[]): ChainPoint {
    return rows.reduce((point, { batch, root }) => {
      const { chain } = before(lane, point, batch);
      return { batch, chain: chain === undefined ? undefined : linkOf(chain, batch, root) };
    }, from);
  }

  /** What the fold of `batch` starts from, coming from `point`. */
  function before(lane: number, point: ChainPoint, batch: number): ChainPoint {
    if (batch === point.batch + 1) return point;
    return { batch: batch - 1, chain: adoptedChain(meta, lane, batch - 1) };
  }

  /** The newest point: a lane without a batch of ours yet stands where it was taken over. */
  function tipOf(lane: number, { tip }: LaneState): ChainPoint {
    const { batch, chain } = adoptionOf(meta, lane);
    return batch > tip.batch ? { batch, chain } : tip;
  }

  function inUse(): number[] {
    return [...new Set([0, ...roots.lanes().map(({ lane }) => lane)])].sort((a, b) => a - b);
  }

  return {
    async part(lane, after) {
      if (!inUse().includes(lane)) return undefined;
      const state = await caughtUp(lane);
      const rows = roots.page(lane, after, rootsPerPart + 1);
      const [first] = rows;
      if (!first) return { lane, after: tipOf(lane, state), roots: [], next: undefined };
      const gap = rows.findIndex((row, at) => row.batch !== first.batch + at);
      const shown = rows.slice(0, gap === -1 ? rootsPerPart : Math.min(gap, rootsPerPart));
      const mark = state.marks.findLast((point) => point.batch < first.batch) ?? start;
      const reach = Math.min(first.batch - 1 - mark.batch, rootsPerPart);
      const between = roots.page(lane, mark.batch, reach).filter((row) => row.batch < first.batch);
      return {
        lane,
        after: before(lane, fold(lane, mark, between), first.batch),
        roots: shown,
        next: shown.length < rows.length ? shown.at(-1)?.batch : undefined,
      };
    },
    async lanes() {
      const list: LaneRoots[] = [];
      for (const lane of inUse()) {
        const state = await caughtUp(lane);
        list.push({ lane, first: roots.page(lane, 0, 1)[0]?.batch, last: tipOf(lane, state) });
      }
      return list;
    },
  };
}

function linkOf(chain: string, batch: number, root: string): string {
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(batch));
  return hash('sha256', Buffer.concat([Buffer.from(chain, 'hex'), number, Buffer.from(root, 'hex')]));
}
