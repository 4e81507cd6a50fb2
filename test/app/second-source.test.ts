import { xdr } from '@stellar/stellar-sdk/base';
import { describe, expect, it } from 'vitest';
import { salesStop } from '../../src/app/sales.ts';
import { type Units, units } from '../../src/money.ts';
import { i128Value } from '../../src/stellar/contract-values.ts';
import { rpcUrl, type SimNetwork } from '../simulation/network.ts';
import { depositEvent, eventId, rawEvent, vaultAccount } from '../support/vault-event-xdr.ts';
import { startCore } from './core-rig.ts';

const [held, madeUp] = [units(1_000n), units(50_000n)];

/** Makes up a deposit, in its events and in the account that it shows. */
function lying(network: SimNetwork, account: () => string): SimNetwork {
  let told = false;
  return {
    ...network,
    line(rules) {
      const honest = network.line(rules);
      return async (url, init) => {
        const answer = await honest(url, init);
        if (String(url) !== rpcUrl) return answer;
        const { method } = JSON.parse(String(init?.body));
        const body = JSON.parse(await answer.text());
        if (method === 'getEvents' && !told && account()) {
          told = true;
          body.result.events.push(depositText(network, account(), body.result.latestLedger));
        }
        if (method === 'getLedgerEntries' && told) body.result.entries = body.result.entries.map(raised);
        return new Response(JSON.stringify(body));
      };
    },
  };
}

function depositText({ vaultAddress }: SimNetwork, account: string, ledger: number) {
  const state = vaultAccount({ deposited: units(held + madeUp) });
  const event = rawEvent(vaultAddress, depositEvent(account, madeUp, state), {
    ...{ id: eventId(ledger, 999), ledger, closedAtMs: 0, txHash: 'ab'.repeat(32) },
  });
  const { id, txHash, contractId, topicsXdr: topic, valueXdr: value } = event;
  const ledgerClosedAt = '2027-01-01T00:00:00Z';
  return { type: 'contract', id, ledger, ledgerClosedAt, txHash, contractId, topic, value };
}

/** An account of the vault begins with what was deposited; other entries stay as they are. */
function raised(entry: { xdr: string }): { xdr: string } {
  const data = xdr.LedgerEntryData.fromXdr(entry.xdr, 'base64');
  if (data.type !== 'contractData' || data.contractData.val.type !== 'scvVec') return entry;
  const fields = data.contractData.val.vec;
  if (fields?.length !== 10) return entry;
  fields[0] = i128Value(units(held + madeUp));
  return { ...entry, xdr: data.toXdr('base64') };
}

async function lied(secondRpcUrl: string | undefined) {
  let account = '';
  const rig = await startCore('a deposit made up', (network) => {
    const terms = secondRpcUrl === undefined ? {} : { secondRpcUrl };
    return lying({ ...network, ...terms }, () => account);
  });
  await rig.consumer.deposit(rig.consumer.address, held);
  await rig.turns();
  account = rig.consumer.address;
  rig.network.pass(5);
  await rig.turns();
  const slot = rig.gateway.core.ledger.account(account);
  expect(slot?.deposited).toBe(units(held + madeUp) satisfies Units);
  await rig.compareWithVault();
  return rig;
}

describe('a server that makes up a deposit, and the account to go with it', () => {
  it('is found out by the server of another provider, and sales end', async () => {
    const rig = await lied('http://another.invalid/rpc');
    expect(rig.gateway.core.chainCheck).toMatchObject({ differences: 1 });
    expect(salesStop(rig.gateway.core)).toContain('disagree on 1 account:');
    expect(await rig.sell(1)).toBe(0);
  });

  it('is believed where it is the only one', async () => {
    const rig = await lied(undefined);
    expect(rig.gateway.core.chainCheck).toMatchObject({ differences: 0 });
  });
});
