import { Command } from 'commander';
import type { Cli } from './cli.ts';
import { askGateway } from './gateway-client.ts';
import { writeJsonFile } from './json-file.ts';
import { printJson, printTable } from './output.ts';
import { fetchLanes, fetchRoots, type LaneView, type PublishedRoots } from './roots-list.ts';
import { pinnedGateway, type TargetOptions, withTargetOptions } from './target.ts';

type RootsOptions = TargetOptions & { out?: string; jwks?: string; json?: boolean };

export function rootsCommand(cli: Cli): Command {
  return withTargetOptions(new Command('roots'))
    .description('the roots of all settled batches; a saved list checks receipts later, without this gateway')
    .option('--out <file>', 'write the list to this file')
    .option('--jwks <file>', 'write the gateway’s public keys to this file')
    .option('--json', 'print the list as JSON')
    .action(async (options: RootsOptions) => {
      const { gateway } = await pinnedGateway(cli, options);
      const lanes = await fetchLanes(gateway);
      const list = options.out !== undefined || options.json ? await allRoots(cli, gateway, lanes) : undefined;
      if (options.out !== undefined) writeJsonFile(options.out, list);
      if (options.jwks !== undefined) writeJsonFile(options.jwks, await askGateway(gateway, '/.well-known/jwks.json'));
      if (options.json) return printJson(cli, list);
      printTable(
        cli,
        lanes,
        [
          { title: 'lane', value: (row) => String(row.lane), align: 'right' },
          { title: 'first', value: (row) => String(row.first_batch ?? '-'), align: 'right' },
          { title: 'last', value: (row) => String(row.last_batch), align: 'right' },
          { title: 'chain value', value: (row) => row.chain ?? 'unknown: roots before are missing' },
        ],
        'No lanes.',
      );
    });
}

async function allRoots(cli: Cli, gateway: string, lanes: LaneView[]): Promise<PublishedRoots | undefined> {
  let list: PublishedRoots | undefined;
  for (const { lane } of lanes) {
    const next = await fetchRoots(cli.clock, gateway, lane);
    list = list ? { ...list, parts: [...list.parts, ...next.parts] } : next;
  }
  return list;
}
