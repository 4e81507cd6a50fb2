/** Assets in query parameters: three fields with a common prefix, or one text. */
import { Asset, StrKey } from '@stellar/stellar-sdk';
import { textParam } from './params.ts';
import { badRequest } from './problem.ts';

const CODE = /^[A-Za-z0-9]{1,12}$/;

/** `<prefix>asset_type`, `_code` and `_issuer`. Throws 400 when they are missing or name no asset. */
export function assetFromFields(query: URLSearchParams, prefix: string): Asset {
  const type = textParam(query, `${prefix}asset_type`);
  if (type === 'native') return Asset.native();
  if (type !== 'credit_alphanum4' && type !== 'credit_alphanum12') {
    throw badRequest(`${prefix}asset_type`, 'Asset type must be native, credit_alphanum4 or credit_alphanum12');
  }
  const code = textParam(query, `${prefix}asset_code`);
  if (!CODE.test(code)) throw badRequest(`${prefix}asset_code`, 'invalid asset code');
  if (type === 'credit_alphanum4' && code.length > 4) throw badRequest(`${prefix}asset_code`, 'code too long');
  const issuer = textParam(query, `${prefix}asset_issuer`);
  if (!StrKey.isValidEd25519PublicKey(issuer)) throw badRequest(`${prefix}asset_issuer`, 'invalid address');
  return new Asset(code, issuer);
}

/** `native` or `CODE:ISSUER`; undefined when it is neither. */
export function assetFromText(text: string): Asset | undefined {
  if (text === 'native') return Asset.native();
  const [code = '', issuer = '', ...rest] = text.split(':');
  if (rest.length > 0 || !CODE.test(code) || !StrKey.isValidEd25519PublicKey(issuer)) return undefined;
  return new Asset(code, issuer);
}
