/** Why something was refused, in the form in which validators tell it: an event of the topics `error` and its code. */
import { xdr } from '@stellar/stellar-sdk';

/** What was at fault, of those that a validator itself reports on. */
export type FaultyPart = 'sceBudget' | 'sceStorage' | 'sceValue';

/** `args` are what the text speaks of, such as the number that was asked for and the one that is allowed. */
export function diagnosticError(
  part: FaultyPart,
  code: xdr.ScErrorCode,
  text: string,
  args: readonly (bigint | number | xdr.ScVal)[] = [],
): xdr.DiagnosticEvent {
  const said = xdr.ScVal.scvString(text);
  const values = args.map((arg) => (typeof arg === 'object' ? arg : xdr.ScVal.scvU64(BigInt(arg))));
  const body = new xdr.ContractEventV0({
    topics: [xdr.ScVal.scvSymbol('error'), xdr.ScVal.scvError(xdr.ScError[part](code))],
    data: values.length > 0 ? xdr.ScVal.scvVec([said, ...values]) : said,
  });
  const event = new xdr.ContractEvent({
    ext: xdr.ExtensionPoint.v0(),
    contractId: null,
    type: xdr.ContractEventType.diagnostic,
    body: xdr.ContractEventBody.v0(body),
  });
  return new xdr.DiagnosticEvent({ inSuccessfulContractCall: false, event });
}
