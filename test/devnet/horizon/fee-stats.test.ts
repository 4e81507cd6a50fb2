import { type Keypair, Operation, TransactionBuilder } from '@stellar/stellar-sdk';
import { describe, expect, it } from 'vitest';
import { usdcOf } from '../rig.ts';
import { type HorizonRig, startHorizonRig } from './horizon-rig.ts';

/** Closes empty ledgers, so that what was before does not count any more. */
async function forget(rig: HorizonRig): Promise<void> {
  for (let ledgers = 0; ledgers < 5; ledgers++) await rig.devnet.closeLedger();
}

/** `count` operations, each with this bid. */
function signed(rig: HorizonRig, who: Keypair, count: number, bid: string) {
  const operations = Array.from({ length: count }, () => Operation.bumpSequence({ bumpTo: '0' }));
  return rig.build(who, operations, bid).then((tx) => {
    tx.sign(who);
    return tx;
  });
}

describe('fee statistics', () => {
  it('are the base fee while no transaction is among the last five ledgers', async () => {
    await using rig = await startHorizonRig();
    await rig.funded('early');
    await forget(rig);
    const { max_fee, fee_charged, ledger_capacity_usage } = await rig.horizon.feeStats();
    expect(new Set([...Object.values(max_fee), ...Object.values(fee_charged)])).toEqual(new Set(['100']));
    expect(ledger_capacity_usage).toBe('0.00');
  });

  it('tell what each operation paid and would have paid, a fee bump as one operation more', async () => {
    await using rig = await startHorizonRig();
    const [who, payer] = [await rig.funded('bidder'), await rig.funded('payer')];
    await forget(rig);
    const { passphrase } = rig.devnet;
    const bump = TransactionBuilder.buildFeeBumpTransaction(payer, '900', await signed(rig, who, 2, '300'), passphrase);
    bump.sign(payer);
    await rig.horizon.submitTransaction(bump);
    await rig.horizon.submitTransaction(await signed(rig, who, 60, '500'));
    const { max_fee, fee_charged, ledger_capacity_usage } = await rig.horizon.feeStats();
    expect([max_fee.min, max_fee.max]).toEqual(['500', '900']);
    expect([fee_charged.min, fee_charged.max]).toEqual(['100', '100']);
    expect(ledger_capacity_usage).toBe('0.01');
  });

  it('count the fee of resources, too', async () => {
    await using rig = await startHorizonRig();
    const issuer = await rig.funded('issuer');
    await forget(rig);
    await rig.send(issuer, Operation.createStellarAssetContract({ asset: usdcOf(issuer) }));
    const [record] = (await rig.horizon.transactions().order('desc').limit(1).call()).records;
    const { max_fee, fee_charged } = await rig.horizon.feeStats();
    expect([max_fee.max, fee_charged.max]).toEqual([record?.max_fee, record?.fee_charged]);
  });
});
