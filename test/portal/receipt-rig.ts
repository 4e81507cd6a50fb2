import { createHash } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Keypair } from '@stellar/stellar-sdk/base';
import { onTestFinished } from 'vitest';
import { createIdentityKey } from '../../src/access/identity-key.ts';
import { createLedger } from '../../src/billing/ledger.ts';
import type { Config } from '../../src/catalog/model.ts';
import { fakeClock, systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { createPortal } from '../../src/portal/portal.ts';
import { type ReceiptView, receiptType } from '../../src/portal/receipt-view.ts';
import { createBatchTrees } from '../../src/settlement/batch-trees.ts';
import { hashLeaf } from '../../src/settlement/leaf.ts';
import { rootOf } from '../../src/settlement/merkle.ts';
import { createRootChain } from '../../src/settlement/root-chain.ts';
import { deriveSeed, randomSeed } from '../../src/stellar/seeds.ts';
import { vaultAddress } from '../settlement/scripted-chain.ts';
import { accountState, type confirm, openTestStore, seal, writeCharge } from '../store/rig.ts';

export const passphrase = 'Receipts "net"';

const keyOf = (name: string) => Keypair.fromRawEd25519Seed(createHash('sha256').update(name).digest()).publicKey();
export const alice = keyOf('alice');
export const bob = keyOf('bob');
export const payee = keyOf('payee');
export { vaultAddress };

/** A portal on a real store, without a chain: batches are sealed and confirmed by hand. Tokens are named after what they see. */
export async function receiptRig() {
  let whileBuilding: () => void = () => undefined;
  const { store } = openTestStore();
  const clock = fakeClock();
  const ledger = createLedger({ limitPeriodS: 86_400, chainTimeS: () => 0 });
  const key = createIdentityKey(deriveSeed(randomSeed(), 'receipts'), receiptType);
  const readers: Record<string, { account: string; scopes: '*' | ReadonlySet<string> }> = {
    alice: { account: alice, scopes: '*' },
    'alice-weather': { account: alice, scopes: new Set(['weather']) },
    'alice-maps': { account: alice, scopes: new Set(['maps']) },
    bob: { account: bob, scopes: '*' },
  };
  const { leaves, batches } = store;
  const built = createBatchTrees({ leaves, vault: vaultAddress, clock: systemClock });
  const trees: typeof built = {
    async of(batch) {
      const result = await built.of(batch);
      whileBuilding();
      return result;
    },
  };
  const config = {
    gateway: { publicUrl: 'https://api.example.com' },
    stellar: { network: 'custom', passphrase, vault: vaultAddress, explorerUrl: 'https://explorer.example/tx/{hash}' },
    apis: [],
  } as unknown as Config;
  const handler = createPortal({
    config: () => config,
    chain: () => ({ asset: undefined, minDeposit: undefined, withdrawDelayS: undefined }),
    jwks: () => ({ keys: [key.jwk] }),
    version: '1.2.3',
    clock,
    log: silentLog(),
    verifier: {
      cached: () => undefined,
      verify: async (text) => {
        const reader = readers[text];
        if (!reader) return { ok: false, reason: 'token_invalid' };
        return { ok: true, token: { jti: text, ...reader, expiresAtMs: 1_800_000_000_000, capUnits: undefined } };
      },
    },
    sessions: { verify: async () => ({ ok: false, reason: 'not_a_session' }) },
    startSession: async () => ({ session: '', expiresAtMs: 0 }),
    ledger,
    page: () => false,
    exits: { list: () => [] },
    exitDesk: { request: async () => ({ ok: false, reason: 'chain_unavailable' }) },
    charges: store.charges,
    usage: store.usage,
    tokens: store.tokens,
    tokenDesk: { issue: refused, revoke: refused },
    receipts: { leaves, batches, trees, key },
    rootChain: createRootChain(store),
    login: { challenge: refused, prove: refused, answer: refused },
    loginAddress: payee,
  });
  const server = http.createServer((req, res) => void handler(req, res, (req.url ?? '').split('?')[0] ?? ''));
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/_callora`;

  const get = (path: string, token?: string) =>
    fetch(base + path, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
  const read = async <T>(path: string, token?: string): Promise<T> => (await (await get(path, token)).json()) as T;

  return {
    store,
    clock,
    /** What else happens while a tree is built, once. */
    onceWhileBuilding(event: () => void) {
      whileBuilding = () => {
        whileBuilding = () => undefined;
        event();
      };
    },
    jwks: { keys: [key.jwk] },
    get,
    read,
    receipt: (call: number, token = 'alice') => read<ReceiptView>(`/receipts/${call}`, token),
    roots: (lane = 0) => read<Record<string, unknown>>(`/roots?lane=${lane}`),
    charge(account: string, price: number, rest: { refund?: number; atMs?: number } = {}) {
      const id = writeCharge(store, { account, payee, price, ...rest });
      if (!ledger.account(account)) ledger.open({ id: store.accounts.ensure(account), address: account });
      return id;
    },
    seal(rest: Parameters<typeof seal>[1] = {}) {
      const sealed = seal(store, { hashLeaf: (row) => hashLeaf(vaultAddress, row), rootOf, ...rest });
      if (!sealed) throw new Error('nothing was sealed');
      return sealed;
    },
    confirm(sealed: Parameters<typeof confirm>[1], taken: bigint[]) {
      return store.batches.confirm({
        ...sealed,
        taken,
        ledger: 20,
        txHash: createHash('sha256').update(`${sealed.batch}`).digest('hex'),
        closedAtMs: 2_000,
        period: 0,
      });
    },
    fund(account: string, deposited: number) {
      store.deposits.applySnapshot({ address: account, ledger: 1, state: accountState({ deposited }) });
    },
  };
}

async function refused(): Promise<never> {
  throw new Error('nobody logs in here');
}
