/** A signer's key in the text form of its kind: G…, X…, T… or P…. */
import { StrKey, type xdr } from '@stellar/stellar-sdk';

export function signerKeyText(key: xdr.SignerKey): string {
  switch (key.type) {
    case 'signerKeyTypeEd25519':
      return StrKey.encodeEd25519PublicKey(key.ed25519.toBytes());
    case 'signerKeyTypeHashX':
      return StrKey.encodeSha256Hash(key.hashX.toBytes());
    case 'signerKeyTypePreAuthTx':
      return StrKey.encodePreAuthTx(key.preAuthTx.toBytes());
    case 'signerKeyTypeEd25519SignedPayload':
      return StrKey.encodeSignedPayload(key.ed25519SignedPayload.toXdr());
  }
}

/** Horizon's names of the kinds. */
export function signerKeyType(key: xdr.SignerKey): string {
  const names = {
    signerKeyTypeEd25519: 'ed25519_public_key',
    signerKeyTypeHashX: 'sha256_hash',
    signerKeyTypePreAuthTx: 'preauth_tx',
    signerKeyTypeEd25519SignedPayload: 'ed25519_signed_payload',
  } as const;
  return names[key.type];
}
