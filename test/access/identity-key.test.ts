import { calculateJwkThumbprint, compactVerify, importJWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { createIdentityKey } from '../../src/access/identity-key.ts';
import { readTokenForm } from '../../src/access/token-form.ts';
import { receiptType } from '../../src/portal/receipt-view.ts';
import { deriveSeed, randomSeed } from '../../src/stellar/seeds.ts';
import { goodClaims, tokenSide } from './fixture.ts';

const identity = randomSeed();

describe('a key for one kind of message', () => {
  it('signs what a stock JOSE library verifies, with its own type and its thumbprint as kid', async () => {
    const { jwk, sign } = createIdentityKey(deriveSeed(identity, 'receipts'), receiptType);
    expect(jwk.kid).toBe(await calculateJwkThumbprint(jwk));
    const signed = await sign('{"a":"ü"}');
    const { payload, protectedHeader } = await compactVerify(signed, await importJWK(jwk, 'EdDSA'));
    expect(new TextDecoder().decode(payload)).toBe('{"a":"ü"}');
    expect(protectedHeader).toEqual({ alg: 'EdDSA', kid: jwk.kid, typ: receiptType });
    expect(await sign('{"a":"ü"}')).toBe(signed);
  });

  it('survives with the identity, and is no key of another purpose', () => {
    const kid = (purpose: string) => createIdentityKey(deriveSeed(identity, purpose), 'x').jwk.kid;
    expect(kid('receipts')).toBe(kid('receipts'));
    expect(kid('receipts')).not.toBe(kid('wallet login'));
  });

  it('never makes an access token, whatever it signs', async () => {
    const { clock, verifier } = await tokenSide();
    const claims = JSON.stringify(goodClaims(clock.nowMs()));
    const seed = deriveSeed(identity, 'receipts');
    const receipt = await createIdentityKey(seed, receiptType).sign(claims);
    expect(readTokenForm(receipt, 'at+jwt')).toBeUndefined();
    // Even with the type of a token: the verifier knows its own keys only.
    const confused = await createIdentityKey(seed, 'at+jwt').sign(claims);
    expect(readTokenForm(confused, 'at+jwt')).toBeDefined();
    for (const token of [receipt, confused]) {
      expect(await verifier.verify(token)).toEqual({ ok: false, reason: 'token_invalid' });
    }
  });
});
