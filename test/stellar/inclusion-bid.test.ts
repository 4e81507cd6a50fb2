import { TransactionBuilder } from '@stellar/stellar-sdk/base';
import { describe, expect, it } from 'vitest';
import { units } from '../../src/money.ts';
import { inclusionBid } from '../../src/stellar/inclusion-bid.ts';
import { createVault } from '../../src/stellar/vault-client.ts';
import { hostPassphrase, keypair } from '../support/host-ledger.ts';
import { hostRpc } from './host-rpc.ts';
import { account, deployed, depositFor, operator, payee, payer } from './host-vault.ts';

const feeMaxStroops = 1_000;

describe('a bid for inclusion', () => {
  it.each([
    ['the network’s least where others pay less', 1, 0, 100],
    ['what others pay', 250, 0, 250],
    ['twice as much with each attempt', 250, 1, 500],
    ['never more than the most, after many attempts', 100, 60, feeMaxStroops],
    ['never more than the most, whatever a server says of others', Number.MAX_SAFE_INTEGER, 0, feeMaxStroops],
  ])('is %s', (_, others, attempt, bid) => {
    expect(inclusionBid(others, { feeMaxStroops, attempt })).toBe(bid);
  });
});

describe('an envelope of a settlement', () => {
  /** What it pays for inclusion of one operation, by the envelope itself. */
  async function bidOf(others: number, attempt: number, channel = operator): Promise<bigint> {
    const { ledger, vault, run } = await deployed();
    ledger.addAccount(keypair('channel'));
    await run(depositFor(vault, 'a', 500n), payer, [payer]);
    const rpc = { ...hostRpc(ledger), inclusionFeeStroops: async () => others };
    const built = await createVault({ rpc, vault: vault.address }).buildSettle(
      {
        lane: 0,
        batch: 1,
        root: '07'.repeat(32),
        lines: [{ account: account('a'), payee: payee.publicKey(), amount: units(100n) }],
      },
      { operatorSecret: operator.secret(), channelSecret: channel.secret(), feeMaxStroops, attempt },
    );
    if (!built.ok) throw new Error(built.detail);
    const envelope = TransactionBuilder.fromXdr(built.transaction.envelopeXdr, hostPassphrase);
    const inner = 'innerTransaction' in envelope ? envelope.innerTransaction : envelope;
    const { type, v1 } = inner.toEnvelope() as Extract<ReturnType<typeof inner.toEnvelope>, { type: 'envelopeTypeTx' }>;
    if (type !== 'envelopeTypeTx' || v1.tx.ext.type !== 'sorobanData') throw new Error('no resources');
    const resources = v1.tx.ext.sorobanData.resourceFee;
    // A fee bump counts as an operation more.
    return (BigInt(envelope.fee) - resources) / ('innerTransaction' in envelope ? 2n : 1n);
  }

  it.each([
    ['of the operator’s account', operator],
    ['of a channel account, for which the operator pays', keypair('channel')],
  ])('%s bids more each time it is made anew, up to the most', async (_, channel) => {
    expect(await bidOf(250, 0, channel)).toBe(250n);
    expect(await bidOf(250, 1, channel)).toBe(500n);
    expect(await bidOf(250, 9, channel)).toBe(1_000n);
    expect(await bidOf(Number.MAX_SAFE_INTEGER, 0, channel)).toBe(1_000n);
  });
});
