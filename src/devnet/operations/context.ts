/** What an operation may touch while it is applied. */
import type { xdr } from '@stellar/stellar-sdk';
import type { Network } from '../ledger/network.ts';
import type { LedgerMoment } from '../ledger/sequence.ts';
import type { Sponsorships } from '../ledger/sponsorships.ts';
import type { LedgerStage } from '../ledger/stage.ts';

export type OperationContext = {
  /** Thrown away if the operation fails. */
  stage: LedgerStage;
  /** The account the operation acts for; it exists. */
  source: xdr.PublicKey;
  sourceAddress: xdr.MuxedAccount;
  /** Its place in the transaction, from 0. */
  operationIndex: number;
  transaction: { source: xdr.PublicKey; seqNum: bigint; memo: xdr.Memo };
  /** Shared by all operations of the transaction. */
  sponsorships: Sponsorships;
  moment: LedgerMoment;
  network: Network;
  /** Told to the world if the whole transaction succeeds. */
  emit(event: xdr.ContractEvent): void;
};
