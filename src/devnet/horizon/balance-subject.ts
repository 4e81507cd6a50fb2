/** The claimable balance that an operation is about. */
import type { xdr } from '@stellar/stellar-sdk';
import type { OperationMeta } from './operation-meta.ts';

/** Hex of its id; undefined for other operations, and for one that was to make a balance and failed. */
export function balanceSubject(body: xdr.OperationBody, meta: () => OperationMeta | undefined): string | undefined {
  switch (body.type) {
    case 'claimClaimableBalance':
      return body.claimClaimableBalanceOp.balanceId.toXdr('hex');
    case 'clawbackClaimableBalance':
      return body.clawbackClaimableBalanceOp.balanceId.toXdr('hex');
    case 'createClaimableBalance': {
      const result = meta()?.result;
      const made = result?.type === 'createClaimableBalance' ? result.createClaimableBalanceResult : undefined;
      return made?.type === 'createClaimableBalanceSuccess' ? made.balanceId.toXdr('hex') : undefined;
    }
    default:
      return undefined;
  }
}
