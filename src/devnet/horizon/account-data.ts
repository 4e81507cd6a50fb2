/** One data entry of an account, as a document or as its bare bytes. */
import { StrKey, xdr } from '@stellar/stellar-sdk';
import { dataKey, readAccount, readData, sponsorOf } from '../ledger/entries.ts';
import { accountId, accountText } from '../ledger/envelope.ts';
import { badRequest, notFound } from './problem.ts';
import type { Asked, HalRecord, Site } from './route.ts';

/** The protocol's limit for names of data entries. */
const NAME_BYTES_MAX = 64;

export function accountData(site: Site, asked: Asked): HalRecord {
  const { value, sponsor } = found(site, asked);
  return { value: Buffer.from(value).toString('base64'), ...(sponsor ? { sponsor: accountText(sponsor) } : {}) };
}

export function accountDataBytes(site: Site, asked: Asked): Uint8Array {
  return found(site, asked).value;
}

/** Throws 404 where there is no such account or no such entry. */
function found({ chain }: Site, asked: Asked): { value: Uint8Array; sponsor: xdr.PublicKey | undefined } {
  const address = asked.param('account_id');
  if (!StrKey.isValidEd25519PublicKey(address)) {
    throw badRequest('account_id', 'Account ID must start with `G` and contain 56 alphanum characters');
  }
  const name = asked.param('key');
  if (Buffer.byteLength(name) > NAME_BYTES_MAX) throw badRequest('key', `${name} does not validate as length(1|64)`);
  const id = accountId(address);
  const entryName = new xdr.XdrString(name);
  const stored = chain.entries.get(dataKey(id, entryName));
  const data = readData(chain.entries, id, entryName);
  if (!readAccount(chain.entries, id) || !stored || !data) throw notFound();
  return { value: data.dataValue.value, sponsor: sponsorOf(stored) };
}
