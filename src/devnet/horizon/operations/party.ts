/** An account that takes part in an operation, by the field that names it. */
import type { xdr } from '@stellar/stellar-sdk';
import { accountOf, accountText, muxedText } from '../../ledger/envelope.ts';

/** With its muxed form where the operation gives one; a muxed id of 0 is left out, as by Horizon. */
export function party(name: string, address: xdr.MuxedAccount): Record<string, string> {
  const muxed = muxedText(address);
  return {
    [name]: accountText(accountOf(address)),
    ...(muxed ? { [`${name}_muxed`]: muxed.text } : {}),
    ...(muxed && muxed.id !== '0' ? { [`${name}_muxed_id`]: muxed.id } : {}),
  };
}
