/** Amounts and assets as Horizon writes them. */
import { Asset, xdr } from '@stellar/stellar-sdk';

const STROOPS_PER_UNIT = 10_000_000n;

/** Seven decimals, always. Negative amounts do not occur. */
export function amountText(stroops: bigint): string {
  const whole = stroops / STROOPS_PER_UNIT;
  return `${whole}.${(stroops % STROOPS_PER_UNIT).toString().padStart(7, '0')}`;
}

export type AssetFields = { asset_type: string; asset_code?: string; asset_issuer?: string };

export function assetFields(asset: Asset): AssetFields {
  if (asset.isNative()) return { asset_type: 'native' };
  const issuer = asset.getIssuer();
  const code = asset.getCode();
  return {
    asset_type: code.length <= 4 ? 'credit_alphanum4' : 'credit_alphanum12',
    asset_code: code,
    ...(issuer === undefined ? {} : { asset_issuer: issuer }),
  };
}

/** `native` or `CODE:ISSUER` (SEP-11). */
export function assetText(asset: Asset): string {
  return asset.isNative() ? 'native' : `${asset.getCode()}:${asset.getIssuer()}`;
}

/** Undefined for native coins and pool shares, which have no line of this kind. */
export function lineAsset(line: xdr.TrustLineAsset | xdr.ChangeTrustAsset): Asset | undefined {
  switch (line.type) {
    case 'assetTypeCreditAlphanum4':
      return Asset.fromOperation(xdr.Asset.assetTypeCreditAlphanum4(line.alphaNum4));
    case 'assetTypeCreditAlphanum12':
      return Asset.fromOperation(xdr.Asset.assetTypeCreditAlphanum12(line.alphaNum12));
    default:
      return undefined;
  }
}

/** The asset of a code alone: the older operation on trustlines leaves its issuer, its source, out. */
export function assetOfCode(code: xdr.AssetCode, issuer: xdr.PublicKey): Asset {
  if (code.type === 'assetTypeCreditAlphanum4') {
    const { assetCode4: assetCode } = code;
    return Asset.fromOperation(xdr.Asset.assetTypeCreditAlphanum4(new xdr.AlphaNum4({ assetCode, issuer })));
  }
  const { assetCode12: assetCode } = code;
  return Asset.fromOperation(xdr.Asset.assetTypeCreditAlphanum12(new xdr.AlphaNum12({ assetCode, issuer })));
}

/** Seconds as Horizon's time text. */
export function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
