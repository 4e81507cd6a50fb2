import { xdr } from '@stellar/stellar-sdk';
import { describe, expect, it } from 'vitest';
import { extensionOf, withExtension, withSigners } from '../../../src/devnet/ledger/account-extension.ts';
import { BASE_RESERVE_STROOPS, minimumBalance, newAccount } from '../../../src/devnet/ledger/balances.ts';
import { useSequence } from '../../../src/devnet/ledger/sequence.ts';
import { keypair } from '../rig.ts';

const account = newAccount(keypair('ann').xdrPublicKey(), 1n, 2);
const sponsor = keypair('sponsor').xdrPublicKey();
const signer = (name: string) =>
  new xdr.Signer({ key: xdr.SignerKey.signerKeyTypeEd25519(keypair(name).rawPublicKey()), weight: 1 });

describe('what an account keeps in its extensions', () => {
  it('reads as nothing for a new account', () => {
    const sequenceUse = { ledger: 0, timeS: 0n };
    expect(extensionOf(account)).toEqual({ numSponsored: 0, numSponsoring: 0, signerSponsors: [], sequenceUse });
  });

  it('orders signers with payloads by key and then payload, not by the payload’s length', () => {
    const withPayload = (payload: string) => {
      const ed25519 = keypair('ben').rawPublicKey();
      const signed = new xdr.SignerKeyEd25519SignedPayload({ ed25519, payload: Buffer.from(payload) });
      return new xdr.Signer({ key: xdr.SignerKey.signerKeyTypeEd25519SignedPayload(signed), weight: 1 });
    };
    const { signers } = withSigners(account, ['b', 'aa', 'abc', 'a'].map(withPayload));
    const payloads = signers.map(({ key }) =>
      key.type === 'signerKeyTypeEd25519SignedPayload' ? Buffer.from(key.ed25519SignedPayload.payload).toString() : '',
    );
    expect(payloads).toEqual(['a', 'aa', 'abc', 'b']);
  });

  it('keeps sponsorships when the sequence number is used', () => {
    const before = withExtension(withSigners(account, [signer('ben')]), {
      numSponsored: 1,
      numSponsoring: 2,
      signerSponsors: [sponsor],
    });
    const after = extensionOf(useSequence(before, 9n, { sequence: 7, closeTimeS: 70 }));
    expect(after).toMatchObject({ numSponsored: 1, numSponsoring: 2, sequenceUse: { ledger: 7, timeS: 70n } });
    expect(after.signerSponsors.map((id) => id?.equals(sponsor))).toEqual([true]);
  });

  it('keeps the use of the sequence number when sponsorships change', () => {
    const used = useSequence(account, 9n, { sequence: 7, closeTimeS: 70 });
    expect(extensionOf(withExtension(used, { numSponsoring: 3 })).sequenceUse).toEqual({ ledger: 7, timeS: 70n });
  });

  it('does not claim a use of the sequence number for an account that was only sponsored', () => {
    const { ext } = withExtension(account, { numSponsored: 2 });
    const v2 = ext.type === 'v1' && ext.v1.ext.type === 'v2' ? ext.v1.ext.v2 : undefined;
    expect(v2?.ext.type).toBe('v0');
  });

  it('keeps each sponsor with its signer when others come and go', () => {
    const three = withSigners(account, ['ben', 'cat', 'dan'].map(signer));
    const sponsored = withExtension(three, {
      signerSponsors: three.signers.map(({ key }) => (key.equals(signer('cat').key) ? sponsor : null)),
    });
    const changed = withSigners(sponsored, ['eve', 'cat', 'fay'].map(signer));
    const of = changed.signers.map(({ key }, index) => [
      key.equals(signer('cat').key),
      extensionOf(changed).signerSponsors[index]?.equals(sponsor) ?? false,
    ]);
    expect(of).toHaveLength(3);
    for (const [isCat, isSponsored] of of) expect(isSponsored).toBe(isCat);
  });

  it('moves reserves from the sponsored to the sponsor', () => {
    const base = minimumBalance(account);
    expect(minimumBalance(withExtension(account, { numSponsoring: 3 }))).toBe(base + 3n * BASE_RESERVE_STROOPS);
    expect(minimumBalance(withExtension(account, { numSponsored: 2 }))).toBe(0n);
  });
});
