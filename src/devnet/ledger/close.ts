/**
 * Closing a ledger: all fees are taken first, then each transaction has its turn (classic before Soroban), then
 * what Soroban transactions did not use is paid back. One synchronous step: nothing ever sees half a ledger.
 */
import { hash, xdr } from '@stellar/stellar-sdk';
import { type AppliedTransaction, applyTransaction } from './apply.ts';
import { feeEvent } from './asset-events.ts';
import { addNative } from './balances.ts';
import type { Decoded } from './decoded.ts';
import { type EntryStore, type KeyText, readAccount } from './entries.ts';
import { entryChanges } from './entry-changes.ts';
import type { SignedTransaction } from './envelope.ts';
import { feeToCharge, resourceFeeOf } from './fees.ts';
import { type ClosedHeader, nextHeader } from './header.ts';
import type { Phases } from './lanes.ts';
import { transactionMeta, transactionSet } from './meta.ts';
import type { Mishaps } from './mishap.ts';
import type { Network } from './network.ts';
import { type LedgerRecord, ledgerRecord } from './records.ts';
import { feeBumpResult, succeeded, transactionResult } from './results.ts';
import type { LedgerMoment } from './sequence.ts';
import { createStage, type LedgerStage, type StagedChange } from './stage.ts';
import { changesToXdr, signedFields, type TransactionRecord, transactionRecord } from './transaction-record.ts';
import { applyUpgrades, type Upgrades } from './upgrades.ts';
import type { ViewedHost } from './viewed-host.ts';

export type CloseDeps = {
  store: EntryStore;
  network: Network;
  host: ViewedHost;
  mishaps: Pick<Mishaps, 'strikes'>;
  upgrades: Pick<Upgrades, 'take'>;
  decoded: Decoded;
};

/** `changes` are all entries that differ from the ledger before. */
export type ClosedLedger = { record: LedgerRecord; changes: readonly StagedChange[] };

/** Classic transactions are applied before Soroban's, each in their order. */
export function closeLedger(deps: CloseDeps, previous: ClosedHeader, phases: Phases, closeTimeS: number): ClosedLedger {
  const moment: LedgerMoment = { sequence: previous.header.ledgerSeq + 1, closeTimeS };
  const ledger = createStage(deps.store, moment.sequence);
  const { classic, soroban } = phases;
  const baseFees = { classic: classic.baseFee, soroban: soroban.baseFee };
  const paid = [classic, soroban].flatMap(({ transactions, baseFee }) =>
    transactions.map((signed) => takeFee(signed, baseFee, ledger)),
  );
  const applied = paid.map((payment, index) => {
    const seed = transactionSeed(previous.hash, index);
    return { ...payment, applied: applyTransaction(payment.signed, ledger, { ...deps, moment, seed }) };
  });
  const settled = applied.map((transaction) => ({ ...transaction, ...refund(transaction, ledger) }));
  for (const { signed } of settled) signed.knownMatches.clear();
  const records = settled.map((transaction, index) => recordOf(transaction, deps, moment, index + 1));

  const upgrades = applyUpgrades(deps.upgrades.take(), ledger);
  const evicted = evictExpired(deps.store, ledger);
  const changes = ledger.changes();
  ledger.commit();
  const txSet = transactionSet(
    previous.hash,
    classic.transactions.map(envelopeOf),
    soroban.transactions.map(envelopeOf),
    baseFees,
  );
  const feesStroops = settled.reduce((sum, { charged, refunded }) => sum + charged - refunded, 0n);
  const results = records.map(resultPair);
  const closed = nextHeader({ previous, txSet, results, changes, upgrades, closeTimeS, feesStroops });
  return {
    record: ledgerRecord(
      {
        sequence: moment.sequence,
        closeTimeS,
        closed,
        transactions: records,
        baseFees,
        upgrades,
        evicted,
        idle: records.length === 0 && changes.length === 0 && upgrades.length === 0,
      },
      deps.decoded,
    ),
    changes,
  };
}

/** Temporary entries whose last ledger this is are gone after it. */
function evictExpired(store: Pick<EntryStore, 'takeExpiring'>, ledger: LedgerStage): KeyText[] {
  const evicted = store.takeExpiring(ledger.sequence).filter((key) => {
    // An entry that was extended is also listed under a later ledger.
    return ledger.get(key)?.liveUntil === ledger.sequence;
  });
  const once = [...new Set(evicted)];
  for (const key of once) ledger.delete(key);
  return once;
}

type Paid = { signed: SignedTransaction; charged: bigint; feeChanges: xdr.LedgerEntryChange[] };
type Applied = Paid & { applied: AppliedTransaction };
type Settled = Applied & { refunded: bigint; refundChanges: xdr.LedgerEntryChange[] };

/** Takes what is there if other fees of the same payer in this ledger took the rest. */
function takeFee(signed: SignedTransaction, baseFee: bigint, ledger: LedgerStage): Paid {
  const payer = readAccount(ledger, payerOf(signed));
  if (!payer) return { signed, charged: 0n, feeChanges: [] };
  const fee = feeToCharge(signed, baseFee);
  const charged = fee < payer.balance ? fee : payer.balance;
  return { signed, charged, feeChanges: changeBalance(ledger, payer, -charged) };
}

/** The refundable part of the resource fee that rent and events did not use. */
function refund({ signed, charged, applied }: Applied, ledger: LedgerStage) {
  const { soroban } = applied;
  const payer = readAccount(ledger, payerOf(signed));
  if (!soroban || !payer) return { refunded: 0n, refundChanges: [] };
  const unused = resourceFeeOf(signed) - soroban.nonRefundable - soroban.refundable;
  const refunded = unused < charged ? unused : charged;
  if (refunded <= 0n) return { refunded: 0n, refundChanges: [] };
  return { refunded, refundChanges: changeBalance(ledger, payer, refunded) };
}

function changeBalance(ledger: LedgerStage, account: xdr.AccountEntry, amount: bigint): xdr.LedgerEntryChange[] {
  const changed = addNative(account, amount);
  if (!changed) throw new RangeError('a fee or refund took a balance out of bounds');
  const stage = createStage(ledger, ledger.sequence);
  stage.write(xdr.LedgerEntryData.account(changed));
  const changes = entryChanges(stage.changes(), ledger.sequence);
  stage.commit();
  return changes;
}

function recordOf(
  settled: Settled,
  { network, decoded }: Pick<CloseDeps, 'network' | 'decoded'>,
  moment: LedgerMoment,
  order: number,
): TransactionRecord {
  const { signed, applied, charged, refunded } = settled;
  const feeChargedStroops = charged - refunded;
  const result = signed.feeBump
    ? feeBumpResult(applied.outcome, signed.feeBump.innerHashBytes, feeChargedStroops)
    : transactionResult(applied.outcome, feeChargedStroops);
  const fields = {
    ...signedFields(signed),
    ledger: moment.sequence,
    closeTimeS: moment.closeTimeS,
    order,
    successful: succeeded(applied.outcome),
    feeChargedStroops,
  };
  const parts = {
    envelope: signed.envelope,
    result: result.toXdr(),
    meta: transactionMeta(applied, feeEvents(settled, network)).toXdr(),
    feeChanges: changesToXdr(settled.feeChanges),
    refundChanges: changesToXdr(settled.refundChanges),
  };
  return transactionRecord(fields, parts, decoded);
}

function feeEvents({ signed, charged, refunded }: Settled, network: Network): xdr.TransactionEvent[] {
  const Stage = xdr.TransactionEventStage;
  const payer = payerOf(signed);
  const fee = (stage: xdr.TransactionEventStage, amount: bigint) =>
    new xdr.TransactionEvent({ stage, event: feeEvent(network, payer, amount) });
  return [
    ...(charged > 0n ? [fee(Stage.transactionEventStageBeforeAllTxs, charged)] : []),
    ...(refunded > 0n ? [fee(Stage.transactionEventStageAfterAllTxs, -refunded)] : []),
  ];
}

export function payerOf(signed: SignedTransaction): xdr.PublicKey {
  return signed.feeBump?.feeSource ?? signed.source;
}

function resultPair(record: TransactionRecord): xdr.TransactionResultPair {
  return new xdr.TransactionResultPair({
    transactionHash: new xdr.Hash(Buffer.from(record.hash, 'hex')),
    result: xdr.TransactionResult.fromXdr(record.result),
  });
}

function envelopeOf(signed: SignedTransaction): xdr.TransactionEnvelope {
  return xdr.TransactionEnvelope.fromXdr(signed.envelope);
}

function transactionSeed(previousHash: Uint8Array, index: number): Uint8Array {
  const position = Buffer.alloc(8);
  position.writeBigUInt64BE(BigInt(index));
  return hash(Buffer.concat([previousHash, position]));
}
