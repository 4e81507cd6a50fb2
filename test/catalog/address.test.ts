import { Keypair, StrKey } from '@stellar/stellar-sdk/base';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addressKind, holdsSeed } from '../../src/catalog/address.ts';
import { payee, seed, vault } from './folder.ts';

const muxed = 'MA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4IAAAAAAAAAABUV6';

it('names the kind of address as the Stellar SDK does', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      expect(addressKind(StrKey.encodeEd25519PublicKey(bytes))).toBe('account');
      expect(addressKind(StrKey.encodeContract(bytes))).toBe('contract');
      expect(addressKind(StrKey.encodeEd25519SecretSeed(bytes))).toBe('seed');
      expect(addressKind(StrKey.encodePreAuthTx(bytes))).toBeUndefined();
    }),
  );
  const id = Buffer.concat([Buffer.from(Keypair.fromPublicKey(payee).rawPublicKey()), Buffer.alloc(8, 7)]);
  const address = StrKey.encodeMed25519PublicKey(id);
  expect(addressKind(address)).toBe('muxed');
  // 69 characters hold one bit more than the address: set, it would be a second spelling.
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const spare = alphabet[alphabet.indexOf(address.at(-1) ?? '') + 1];
  expect(addressKind(`${address.slice(0, -1)}${spare}`)).toBeUndefined();
});

it('accepts one changed character in no address', () => {
  const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'];
  fc.assert(
    fc.property(fc.constantFrom(payee, vault, seed), fc.nat(55), fc.constantFrom(...alphabet), (text, at, char) => {
      fc.pre(text[at] !== char);
      expect(addressKind(text.slice(0, at) + char + text.slice(at + 1))).toBeUndefined();
    }),
  );
});

it.each([
  '',
  payee.toLowerCase(),
  ` ${payee}`,
  `${payee} `,
  `${payee}=`,
  payee.slice(1),
  `${payee}A`,
  payee.replace('G', '0'),
  muxed,
  '__proto__',
  'G'.repeat(100_000),
])('finds no address in %j', (text) => {
  expect(addressKind(text)).toBeUndefined();
});

it('agrees with the SDK on any text', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[GCMS][A-Z2-7]{55}$/)), (text) => {
      expect(addressKind(text) === 'account').toBe(StrKey.isValidEd25519PublicKey(text));
    }),
  );
});

it('sees a seed inside other text, also one with a wrong checksum', () => {
  expect(holdsSeed(`Bearer ${seed}`)).toBe(true);
  expect(holdsSeed(`${seed.slice(0, -1)}A`)).toBe(true);
  expect(holdsSeed(payee)).toBe(false);
  expect(holdsSeed(`X${seed}`)).toBe(false);
});
