import { Command } from 'commander';
import { counted } from '../counted.ts';
import { askPatiently } from './ask-patiently.ts';
import { carriedBefore, faultOfCarried, type GatewayLists } from './carried-before.ts';
import { faultsOfChain, type Place, readChainLines, shortOf } from './chain-lines.ts';
import type { Cli } from './cli.ts';
import { CliError } from './exit-codes.ts';
import { askAsHolder } from './holder-request.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';
import {
  billedTwice,
  carriedFrom,
  faultsOfLeaves,
  type LeafSum,
  type PlacedReceipt,
  type SettledLine,
  sumLeaves,
} from './leaf-sums.ts';
import { printJson, printTable } from './output.ts';
import { fetchLanes, fetchRoots } from './roots-list.ts';
import {
  findTarget,
  type KeyOptions,
  keyOf,
  type Target,
  type TargetOptions,
  withKeyOption,
  withTargetOptions,
} from './target.ts';
import { checkReceipt, leadsTo } from './verify.ts';

type LeavesOptions = TargetOptions & KeyOptions & { out?: string; with?: string[]; json?: boolean };

export function leavesCommand(cli: Cli): Command {
  return withKeyOption(withTargetOptions(new Command('leaves')))
    .argument('<lane>', 'lane of the batch; receipts name it')
    .argument('<batch>', 'number of the batch')
    .description('all your leaves of one batch: check that they are settled, and that nothing else was asked of you')
    .option('--out <file>', 'write their receipts to this file')
    .option('--with <files...>', 'receipts of other batches that `--out` wrote: no call may be in two of them')
    .option('--json', 'print JSON for programs')
    .action(async (lane: string, batch: string, options: LeavesOptions) => {
      if (![lane, batch].every((text) => /^[0-9]{1,15}$/.test(text))) {
        throw new CliError('usage', 'lane and batch are whole numbers');
      }
      const place = { lane: Number(lane), batch: Number(batch) };
      const told = await allLeaves(cli, options, place);
      const { items, lines } = told;
      if (options.out !== undefined) writeJsonFile(options.out, items);
      const target = await findTarget(cli, options);
      const account = keyOf(cli, options, target.state).address;
      const sums = sumLeaves(items, lines);
      const faults = faultsOfLeaves(account, items, sums);
      faults.push(...billedTwice(items, keptLeaves(options.with ?? [])));
      faults.push(...(await faultsOfProof(cli, options, target.vault, items)));
      const chain = await compareWithChain(cli, options, { target, account, place, told });
      faults.push(...chain.faults);
      if (options.json) printJson(cli, { ok: faults.length === 0, sums, faults, not_checked: chain.unchecked });
      else printSums(cli, sums);
      for (const note of chain.unchecked) cli.note(`note: ${note}`);
      if (faults.length > 0) throw new CliError('off', faults.join('; '));
    });
}

function keptLeaves(files: readonly string[]): Map<string, PlacedReceipt[]> {
  return new Map(
    files.map((file) => {
      const kept = readJsonFile(file);
      const sound = Array.isArray(kept) && kept.every((item) => typeof item?.leaf?.payee === 'string');
      if (!sound)
        throw new CliError('usage', `${file} holds no leaves of a batch: \`callora leaves --out\` writes them`);
      return [file, kept as PlacedReceipt[]];
    }),
  );
}

/** More than a batch can hold. */
const leavesMax = 100_000;

type ToldBatch = { items: PlacedReceipt[]; lines: SettledLine[] };

async function askPage(cli: Cli, options: LeavesOptions, { lane, batch }: Place, query: string): Promise<LeavesPage> {
  const path = `/_callora/batches/${lane}/${batch}/leaves?${query}`;
  return readPage(await askPatiently(cli.clock, () => askAsHolder(cli, options, path)));
}

async function allLeaves(cli: Cli, options: LeavesOptions, place: Place): Promise<ToldBatch> {
  const items: PlacedReceipt[] = [];
  for (let cursor = '0'; ; ) {
    const page = await askPage(cli, options, place, `limit=200&cursor=${cursor}`);
    items.push(...page.items);
    if (page.lines === null) throw new CliError('refused', 'the token does not cover every API: log in again');
    if (page.next === null) return { items, lines: page.lines };
    if (items.length > leavesMax || page.items.length === 0) {
      throw new CliError('refused', 'the gateway’s list of leaves has no end');
    }
    cursor = encodeURIComponent(page.next);
  }
}

/** The first receipt goes the whole way to the vault; the others lead to the same root. */
async function faultsOfProof(
  cli: Cli,
  options: LeavesOptions,
  vault: string,
  [first, ...rest]: PlacedReceipt[],
): Promise<string[]> {
  if (!first) return [];
  const { off } = await checkReceipt(cli, options, first);
  const faults = off.map(({ name, detail }) => `${name}: ${detail}`);
  if (!(await leadsTo(first.root, vault, rest))) faults.push('a leaf does not lead to the root');
  return faults;
}

/**
 * What the gateway says of the settlement beside the settlement itself, and what its leaves carry over beside what earlier
 * ones did not get. `unchecked` says what the RPC server cannot show: it keeps history for some days.
 */
async function compareWithChain(
  cli: Cli,
  options: LeavesOptions,
  { target, account, place, told }: { target: Target; account: string; place: Place; told: ToldBatch },
): Promise<{ faults: string[]; unchecked: string[] }> {
  const faults: string[] = [];
  const unchecked: string[] = [];
  const linesOf = async (of: Place) => {
    const lines = await readChainLines(cli, target, of, account);
    if (lines) return lines;
    const what = `batch ${of.batch} of lane ${of.lane} was not compared with the chain`;
    unchecked.push(`${what}: it is not settled yet, or the history of the RPC server begins behind it`);
    return undefined;
  };
  const own = await linesOf(place);
  if (own) faults.push(...faultsOfChain(told.lines, own));
  const debts = carriedFrom(told.items);
  const before = await carriedBefore(listsOf(cli, options, target), debts, place);
  if (before.unchecked > 0) {
    unchecked.push(
      `whether ${counted(before.unchecked, 'batch', 'batches')} long before this one carried over the same debts was not looked at`,
    );
  }
  for (const { payee, amount, ...from } of debts) {
    const lines = (await linesOf(from)) ?? (await askPage(cli, options, from, 'limit=1')).lines ?? [];
    const fault = faultOfCarried({ payee, amount, ...from }, shortOf(lines, payee), before);
    if (fault !== undefined) faults.push(fault);
  }
  return { faults, unchecked };
}

function listsOf(cli: Cli, options: LeavesOptions, { state }: Target): GatewayLists {
  const gateway = state?.gateway ?? '';
  return {
    lanes: () => fetchLanes(gateway),
    roots: (lane, after) => fetchRoots(cli.clock, gateway, lane, after),
    leaves: (place, cursor) => askPage(cli, options, place, `limit=50&cursor=${encodeURIComponent(cursor)}`),
  };
}

type LeavesPage = {
  items: PlacedReceipt[];
  lines: SettledLine[] | null;
  next: string | null;
};

/** The form that sums need; the verifier looks at the rest. */
function readPage(answer: Record<string, unknown>): LeavesPage {
  const { items, lines, next } = answer as Partial<LeavesPage>;
  const sound = (entry: { payee?: unknown } | undefined) => typeof entry?.payee === 'string';
  const good = Array.isArray(items) && items.every((item) => sound(item?.leaf));
  if (good && (lines === null || (Array.isArray(lines) && lines.every(sound)))) {
    return { items, lines, next: typeof next === 'string' ? next : null };
  }
  throw new CliError('refused', 'the gateway answered with no list of leaves');
}

function printSums(cli: Cli, sums: LeafSum[]): void {
  printTable(
    cli,
    sums,
    [
      { title: 'payee', value: (row) => row.payee },
      { title: 'leaves', value: (row) => String(row.leaves), align: 'right' },
      { title: 'come to', value: (row) => row.net, align: 'right' },
      { title: 'asked of the vault', value: (row) => row.asked, align: 'right' },
      { title: 'taken', value: (row) => row.taken ?? 'not yet', align: 'right' },
    ],
    'You have no leaf in this batch, and nothing was asked of you.',
  );
}
