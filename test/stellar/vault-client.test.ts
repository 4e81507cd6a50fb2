import { describe, expect, it } from 'vitest';
import { units, zero } from '../../src/money.ts';
import { u32Value } from '../../src/stellar/contract-values.ts';
import { contractAddress } from '../../src/stellar/deploy.ts';
import { address, call, hostPassphrase, i128, keypair } from '../support/host-ledger.ts';
import { account, admin, delayS, deployed, depositFor, operator, payee, payer, token } from './host-vault.ts';

describe('the vault client', () => {
  it('reads an account from storage as the vault itself shows it', async () => {
    const { ledger, vault, run } = await deployed();
    ledger.addAccount(keypair('a'));
    await run(depositFor(vault, 'a', 5_000_000_000n), payer, [payer]);
    await run(depositFor(vault, 'b', 7n), payer, [payer]);
    const own = [keypair('a')];
    await run(call(vault.address, 'set_limit', address(account('a')), i128(30n)), keypair('a'), own);
    await run(call(vault.address, 'request_withdraw', address(account('a')), i128(2_000n)), keypair('a'), own);
    const names = ['a', 'b', 'nobody'].map(account);
    const { accounts } = await vault.accounts(names);
    for (const name of names) expect(accounts.get(name)).toEqual(await vault.account(name));
    expect(accounts.get(account('a'))).toMatchObject({
      deposited: 5_000_000_000n,
      balance: 5_000_000_000n,
      requested: 2_000n,
      pendingLimit: 30n,
    });
    expect(accounts.get(account('nobody'))).toMatchObject({ deposited: 0n, limit: 10_000_000_000n });
  });

  it('reads roles, configuration, lanes, payees, earnings and sums', async () => {
    const { vault, run } = await deployed();
    await run(depositFor(vault, 'a', 9_000n), payer, [payer]);
    expect(await vault.info()).toMatchObject({
      admin: admin.publicKey(),
      operator: operator.publicKey(),
      token,
      paused: 0,
      pendingAdmin: undefined,
      pendingUpgrade: undefined,
      version: 1,
      config: { feeBps: 0, withdrawDelayS: delayS, limitPeriodS: 86_400, minDeposit: 1n, lanes: 32 },
    });
    expect(await vault.lastBatch(0)).toMatchObject({ batch: 0, root: '0'.repeat(64), ledger: 0 });
    expect(await vault.usedLanes(32)).toEqual([]);
    const later = (await vault.lastBatch(0)).seenLedger + 1;
    await expect(vault.usedLanes(32, undefined, later)).rejects.toMatchObject({ failure: 'lagging' });
    await expect(vault.info(undefined, later)).rejects.toMatchObject({ failure: 'lagging' });
    expect(await vault.isPayee(payee.publicKey())).toBe(true);
    expect(await vault.isPayee(account('a'))).toBe(false);
    expect(await vault.earnings(payee.publicKey(), 0)).toEqual({ gross: zero, netPaid: zero, feePaid: zero });
    const covered = await vault.coverage(token);
    expect(covered).toMatchObject({ liabilities: units(9_000), tokens: units(9_000) });
    expect(covered.liabilitiesLedger).toBe(covered.tokensLedger);
  });

  it('tells the vault’s own reason when it refuses a batch', async () => {
    const { vault, run } = await deployed();
    const secret = operator.secret();
    const options = { operatorSecret: secret, channelSecret: secret, feeMaxStroops: 1_000, attempt: 0 };
    const settle = { lane: 0, batch: 2, root: '07'.repeat(32), lines: [] };
    expect(await vault.buildSettle(settle, options)).toMatchObject({ ok: false, reason: 'wrong_batch' });
    await run(call(vault.address, 'pause', address(admin), u32Value(2)), admin);
    expect(await vault.buildSettle({ ...settle, batch: 1 }, options)).toMatchObject({
      ok: false,
      reason: 'settle_paused',
    });
  });

  it('knows the address of a contract before it is made', async () => {
    const { vault } = await deployed();
    expect(contractAddress(hostPassphrase, admin.publicKey(), new Uint8Array(32))).toBe(vault.address);
  });
});
