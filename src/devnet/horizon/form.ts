/** The form in which a transaction comes. */
import type { Chain } from '../ledger/chain.ts';
import type { SignedTransaction } from '../ledger/envelope.ts';
import { textParam } from './params.ts';
import { HorizonRefusal, problemOf, unsupportedMediaType } from './problem.ts';

const FORMS = ['application/x-www-form-urlencoded', 'multipart/form-data'];

/** The field `tx`, from the body or else from the address; empty when it is in neither. Throws 415 for other types. */
export async function readEnvelopeField(
  contentType: string | undefined,
  body: string,
  query: URLSearchParams,
): Promise<string> {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (type !== '' && !FORMS.includes(type)) throw unsupportedMediaType();
  const fields =
    type === 'multipart/form-data' ? await multipartFields(contentType ?? '', body) : new URLSearchParams(body);
  return textParam(fields, 'tx') || textParam(query, 'tx');
}

/** A body that is not what its type says has no fields. */
async function multipartFields(contentType: string, body: string): Promise<URLSearchParams> {
  const fields = new URLSearchParams();
  try {
    const form = await new Response(body, { headers: { 'content-type': contentType } }).formData();
    for (const [name, value] of form) if (typeof value === 'string') fields.append(name, value);
  } catch {
    return fields;
  }
  return fields;
}

/** `envelope` is base64. Throws 400 when it holds no transaction. */
export function readEnvelope(chain: Chain, envelope: string): SignedTransaction {
  const bytes = Buffer.from(envelope, 'base64');
  try {
    if (bytes.toString('base64') !== envelope) throw new TypeError('it is not base64');
    return chain.read(bytes);
  } catch (error) {
    const detail = 'The field tx holds no TransactionEnvelope as base64 of XDR.';
    const extras = { envelope_xdr: envelope, error: error instanceof Error ? error.message : String(error) };
    throw new HorizonRefusal(problemOf(400, 'transaction_malformed', detail, extras));
  }
}
