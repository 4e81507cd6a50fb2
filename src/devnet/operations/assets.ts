import type { xdr } from '@stellar/stellar-sdk';

/** Whether the code is 1-4 or 5-12 letters and digits, padded with zero bytes to the end. */
export function isValidAsset(asset: xdr.Asset | xdr.ChangeTrustAsset): boolean {
  switch (asset.type) {
    case 'assetTypeNative':
      return true;
    case 'assetTypeCreditAlphanum4':
      return isValidCode(asset.alphaNum4.assetCode.value, 1);
    case 'assetTypeCreditAlphanum12':
      return isValidCode(asset.alphaNum12.assetCode.value, 5);
    default:
      return false;
  }
}

function isValidCode(code: Uint8Array, lengthMin: number): boolean {
  const match = /^([A-Za-z0-9]+)\0*$/.exec(Buffer.from(code).toString('latin1'));
  return match?.[1] !== undefined && match[1].length >= lengthMin;
}
