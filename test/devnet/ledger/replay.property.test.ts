import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Chain } from '../../../src/devnet/ledger/chain.ts';
import { createNetwork } from '../../../src/devnet/ledger/network.ts';
import { createStateFile } from '../../../src/devnet/state-file.ts';
import { type ChainRig, startChain } from '../chain-rig.ts';
import { contractLife, liveWithContracts, type Turn } from './contract-life.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'devnet-replay-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const network = createNetwork('a network for tests', 'seed');

type Input = { submit: Uint8Array } | { close: true } | { fail: number };

/** Lives on a network, and tells what it was given. */
function inputsOf(rig: ChainRig, turns: readonly Turn[]): Input[] {
  const inputs: Input[] = [];
  const { submit, closeLedger, failNext } = rig.chain;
  rig.chain.submit = (signed, inRow) => {
    inputs.push({ submit: signed.envelope });
    return submit(signed, inRow);
  };
  rig.chain.closeLedger = () => {
    inputs.push({ close: true });
    return closeLedger();
  };
  rig.chain.failNext = (count) => {
    inputs.push({ fail: count });
    failNext(count);
  };
  liveWithContracts(rig, turns);
  return inputs;
}

function give(chain: Chain, input: Input): void {
  if ('submit' in input) chain.submit(chain.read(input.submit));
  else if ('fail' in input) chain.failNext(input.fail);
  else chain.closeLedger();
}

const lastHash = ({ history }: Chain) => Buffer.from(history.latest().closed.hash).toString('hex');

describe('random transactions, classic and of contracts', () => {
  it('give the same ledger hash when they are sent again to a network of the same seed', () => {
    fc.assert(
      fc.property(contractLife, (turns) => {
        const once = startChain({ network });
        const inputs = inputsOf(once, turns);
        const again = startChain({ network });
        for (const input of inputs) give(again.chain, input);
        expect(lastHash(again.chain)).toBe(lastHash(once.chain));
        const other = startChain({ network: createNetwork('a network for tests', 'another seed') });
        expect(lastHash(other.chain)).not.toBe(lastHash(startChain({ network }).chain));
      }),
      { numRuns: 50 },
    );
  });

  it('give the same ledger hash when the network is stopped in the midst of them and goes on from its file', () => {
    let files = 0;
    fc.assert(
      fc.property(contractLife, fc.nat(), (turns, cut) => {
        const whole = startChain({ network });
        // What is to fail next is not kept in the file: it is no part of the network.
        const inputs = inputsOf(
          whole,
          turns.filter(({ kind }) => kind !== 'fail'),
        );
        const file = path.join(folder, String(files++));
        const open = () =>
          startChain({ network, journal: createStateFile(file, network, { retentionLedgers: 15 }) }).chain;
        let chain = open();
        for (const [index, input] of inputs.entries()) {
          if (index === cut % inputs.length) chain = open();
          give(chain, input);
        }
        expect(lastHash(chain)).toBe(lastHash(whole.chain));
        expect(lastHash(open())).toBe(lastHash(whole.chain));
      }),
      { numRuns: 50 },
    );
  });
});
