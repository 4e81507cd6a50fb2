import { Address, contract, nativeToScVal, Operation, scValToNative } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DevnetRig, startRig, usdcOf } from '../rig.ts';
import { deployVault, type VaultClient } from './vault.ts';

/** Events as the SDK asks for and decodes them. */

let rig: DevnetRig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

const i128 = (amount: bigint) => nativeToScVal(amount, { type: 'i128' });
const symbol = (text: string) => nativeToScVal(text, { type: 'symbol' }).toXdr('base64');

describe('classic and contract movements of one asset', () => {
  it('act on the same trustlines and tell the same kind of event', async () => {
    const issuer = await rig.funded('issuer');
    const alice = await rig.funded('alice');
    const bob = await rig.funded('bob');
    const usdc = usdcOf(issuer);
    const sac = usdc.contractId(rig.devnet.passphrase);
    for (const who of [alice, bob]) await rig.send(who, Operation.changeTrust({ asset: usdc }));
    const payment = { destination: alice.publicKey(), asset: usdc, amount: '1000' };
    await rig.send(issuer, Operation.payment(payment));
    const created = await rig.send(alice, Operation.createStellarAssetContract({ asset: usdc }));
    expect('returnValue' in created && created.returnValue && scValToNative(created.returnValue)).toBe(sac);

    const toBob = { destination: bob.publicKey(), asset: usdc, amount: '1' };
    const classic = await rig.send(alice, Operation.payment(toBob));
    const args = [alice, bob].map((who) => new Address(who.publicKey()).toScVal());
    const transfer = { contract: sac, function: 'transfer', args: [...args, i128(50_000_000n)] };
    const called = await rig.send(alice, Operation.invokeContractFunction(transfer));
    expect([classic.status, called.status]).toEqual(['SUCCESS', 'SUCCESS']);
    expect((await rig.server.getTrustline(bob.publicKey(), usdc)).balance).toBe(60_000_000n);

    const { events } = await rig.server.getEvents({
      startLedger: 1,
      filters: [{ type: 'contract', contractIds: [sac], topics: [[symbol('transfer'), '**']] }],
    });
    expect(events.map(({ txHash, value }) => [txHash, scValToNative(value)])).toEqual([
      [classic.txHash, 10_000_000n],
      [called.txHash, 50_000_000n],
    ]);
  });
});

describe('events of a contract', () => {
  const deposits = [3n, 20n, 100n];
  let client: VaultClient;
  let contractId: string;
  let account: string;
  let from: string;

  beforeAll(async () => {
    const [deployer, consumer] = [await rig.funded('event deployer'), await rig.funded('event consumer')];
    ({ client } = await deployVault(rig, deployer, consumer));
    [account, from, contractId] = [deployer.publicKey(), consumer.publicKey(), client.options.contractId];
    const own = (await rig.client(contractId, consumer)) as VaultClient;
    for (const amount of deposits) await (await own.deposit({ from, account, amount })).signAndSend();
  });

  const ask = (topics: string[][]) =>
    rig.server.getEvents({ startLedger: 1, filters: [{ type: 'contract', contractIds: [contractId], topics }] });

  it('are told apart and decoded by the interface that is on chain', async () => {
    const spec = new contract.Spec(client.spec.entries);
    const { events } = await ask([spec.eventTopicFilter('Deposit')]);
    const parsed = events.map(({ topic, value }) => spec.parseEvent(topic, value));
    expect(parsed).toMatchObject(deposits.map((amount) => ({ name: 'Deposit', data: { account, from, amount } })));
    expect(parsed.at(-1)?.data.state).toMatchObject({ balance: 123n });
  });

  it('are found by the topic that names whom they are about, and by no other', async () => {
    const about = (who: string) => ask([client.spec.eventTopicFilter('Deposit', { account: who })]);
    expect((await about(account)).events).toHaveLength(deposits.length);
    expect((await about(from)).events).toEqual([]);
  });

  it('come page by page, each once, after the cursor of the page before', async () => {
    const filters = [{ type: 'contract' as const, contractIds: [contractId] }];
    const whole = await rig.server.getEvents({ startLedger: 1, filters });
    const ids: string[] = [];
    let page = await rig.server.getEvents({ startLedger: 1, filters, limit: 1 });
    while (page.events.length > 0) {
      ids.push(...page.events.map(({ id }) => id));
      page = await rig.server.getEvents({ cursor: page.cursor, filters, limit: 1 });
    }
    expect(ids).toEqual(whole.events.map(({ id }) => id));
    expect(ids.length).toBeGreaterThanOrEqual(deposits.length);
  });
});
