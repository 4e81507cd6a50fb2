import fs from 'node:fs';
import path from 'node:path';
import { loadConfig } from '../../src/catalog/load.ts';
import type { Config } from '../../src/catalog/model.ts';
import { horizonUrl } from './horizon-line.ts';
import { rpcUrl, type SimNetwork } from './network.ts';

/** What is sold: a cheap API and a dear one of two payees, and one that costs next to nothing. */
const prices = ['0.0000300', '0.0002000', '0.0000007'];

export type Sold = { price: string; payee: string };

/** The catalog as a file that its operator edits. */
export class Catalog {
  readonly file: string;
  readonly sold: Sold[];
  private readonly network: SimNetwork;

  constructor(network: SimNetwork, folder: string) {
    this.network = network;
    this.file = path.join(folder, 'callora.yaml');
    this.sold = prices.map((price, index) => ({ price, payee: network.payees[index % 2] ?? '' }));
    const secrets = {
      'operator.seed': network.operatorSecret,
      'deposit.seed': network.depositSecret,
      'admin.token': 'a'.repeat(43),
    };
    for (const [name, text] of Object.entries(secrets)) {
      fs.writeFileSync(path.join(folder, name), text, { mode: 0o600 });
    }
    this.write();
  }

  write(): void {
    fs.writeFileSync(this.file, this.text());
  }

  /** A file that no gateway takes over: a price without quotes is none. */
  spoil(): void {
    fs.writeFileSync(this.file, this.text().replace(/price: "(.*)"/, 'price: $1'));
  }

  load(): Config {
    const loaded = loadConfig({ file: this.file, env: {} });
    if (!loaded.ok) throw new Error(`the catalog does not load: ${JSON.stringify(loaded.problems)}`);
    return loaded.config;
  }

  private text(): string {
    const { passphrase, vaultAddress } = this.network;
    const apis = this.sold.map(
      ({ price, payee }, index) =>
        `  - { name: api${index}, payee: ${payee}, mount: /api${index}, upstream: "http://127.0.0.1:1", allow_private: true, price: "${price}" }`,
    );
    return `
gateway: { listen: 127.0.0.1:8402 }
admin: { listen: 127.0.0.1:8403, token_file: ./admin.token }
stellar:
  network: ${JSON.stringify(passphrase)}
  rpc_url: ${rpcUrl}
  horizon_url: ${horizonUrl}
  vault: ${vaultAddress}
  operator_secret_file: ./operator.seed
deposits: { classic: { secret_file: ./deposit.seed, min: "0.00005" } }
storage: { path: ./callora.db }
tokens: { keys_file: ./tokens.jwks }
apis:
${apis.join('\n')}
`;
  }
}
