/** The two operations between which one account keeps the reserves of what another comes to own (CAP-33). */
import { xdr } from '@stellar/stellar-sdk';
import type { OperationContext } from './context.ts';
import { type BodyOf, operationKind } from './operation-kind.ts';

const Begin = xdr.BeginSponsoringFutureReservesResult;
const End = xdr.EndSponsoringFutureReservesResult;

export const beginSponsoringFutureReserves = operationKind<
  BodyOf<'beginSponsoringFutureReserves'>,
  xdr.BeginSponsoringFutureReservesResult
>(xdr.OperationResultTr.beginSponsoringFutureReserves, {
  threshold: 'medium',
  check: ({ beginSponsoringFutureReservesOp: { sponsoredId } }, { source }) =>
    sponsoredId.equals(source) ? Begin.beginSponsoringFutureReservesMalformed() : undefined,
  apply: ({ beginSponsoringFutureReservesOp: { sponsoredId } }, context) => applyBegin(sponsoredId, context),
  untouched: Begin.beginSponsoringFutureReservesSuccess(),
});

export const endSponsoringFutureReserves = operationKind<
  BodyOf<'endSponsoringFutureReserves'>,
  xdr.EndSponsoringFutureReservesResult
>(xdr.OperationResultTr.endSponsoringFutureReserves, {
  threshold: 'medium',
  check: () => undefined,
  apply: (_, { source, sponsorships }) =>
    sponsorships.end(source) ? End.endSponsoringFutureReservesSuccess() : End.endSponsoringFutureReservesNotSponsored(),
  untouched: End.endSponsoringFutureReservesSuccess(),
});

/** Sponsors are not sponsored themselves, so that no reserve has two keepers. */
function applyBegin(sponsored: xdr.PublicKey, { source, sponsorships }: OperationContext) {
  if (sponsorships.sponsorOf(sponsored)) return Begin.beginSponsoringFutureReservesAlreadySponsored();
  if (sponsorships.sponsorOf(source) || sponsorships.isSponsor(sponsored)) {
    return Begin.beginSponsoringFutureReservesRecursive();
  }
  sponsorships.begin(sponsored, source);
  return Begin.beginSponsoringFutureReservesSuccess();
}
