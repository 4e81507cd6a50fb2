const passphrases = new Map([
  ['testnet', 'Test SDF Network ; September 2015'],
  ['public', 'Public Global Stellar Network ; September 2015'],
]);

/** `name` is testnet, public or custom. */
export type Network = { name: string; passphrase: string };

/**
 * `testnet`, `public` or a passphrase of another network. A passphrase has a space in it, as all known ones do;
 * a single word is taken for a misspelt name, because a wrong passphrase makes every signature worthless.
 */
export function resolveNetwork(text: string): Network | undefined {
  const known = passphrases.get(text);
  if (known) return { name: text, passphrase: known };
  for (const [name, passphrase] of passphrases) if (passphrase === text) return { name, passphrase };
  return text.includes(' ') ? { name: 'custom', passphrase: text } : undefined;
}
