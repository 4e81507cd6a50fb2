/** Who this network is: what its hashes, ids and genesis derive from. */
import { hash, Keypair, Networks } from '@stellar/stellar-sdk';
import { type NetworkProfile, networkProfiles } from '../network-profiles.ts';

export type Network = {
  readonly passphrase: string;
  /** sha256 of the passphrase. */
  readonly id: Uint8Array;
  /** Holds all native coins at genesis and pays for friendbot. */
  readonly root: Keypair;
  /** sha256 of the genesis seed: devnets with other seeds have other ledger hashes. */
  readonly seed: Uint8Array;
  /** What it allows and asks for contracts. */
  readonly profile: NetworkProfile;
};

const PUBLIC_PASSPHRASES: readonly string[] = [Networks.PUBLIC, Networks.TESTNET, Networks.FUTURENET];

/** Throws on the passphrase of a network that exists: a signature made here must be worth nothing there. */
export function createNetwork(
  passphrase: string,
  seed: string,
  profile: NetworkProfile = networkProfiles.pubnet,
): Network {
  if (PUBLIC_PASSPHRASES.includes(passphrase)) {
    throw new Error(`"${passphrase}" is a public network: a devnet needs a passphrase of its own`);
  }
  if (passphrase === '') throw new Error('a devnet needs a passphrase');
  const id = hash(passphrase);
  return { passphrase, id, root: Keypair.fromRawEd25519Seed(id), seed: hash(seed), profile };
}

/** A keypair that only depends on the network's seed and a name. */
export function derivedKeypair(network: Network, name: string): Keypair {
  return Keypair.fromRawEd25519Seed(hash(Buffer.concat([network.seed, Buffer.from(name)])));
}
