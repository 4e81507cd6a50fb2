/** What an operation may touch while it is applied. */
import type { xdr } from '@stellar/stellar-sdk';
import type { Network } from '../ledger/network.ts';
import type { LedgerMoment } from '../ledger/sequence.ts';
import type { LedgerStage } from '../ledger/stage.ts';

export type OperationContext = {
  /** Thrown away if the operation fails. */
  stage: LedgerStage;
  /** The account the operation acts for; it exists. */
  source: xdr.PublicKey;
  sourceAddress: xdr.MuxedAccount;
  memo: xdr.Memo;
  moment: LedgerMoment;
  network: Network;
  /** Told to the world if the whole transaction succeeds. */
  emit(event: xdr.ContractEvent): void;
};
