import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Check, verifyReceipt } from '../../src/dashboard/verify-receipt.ts';
import { units } from '../../src/money.ts';
import type { ReceiptView } from '../../src/portal/receipt-view.ts';
import type { LeavesView } from '../../src/portal/receipts.ts';
import { createFiling } from '../../src/store/seal.ts';
import { sealNow } from '../store/rig.ts';
import { foldRoots } from '../support/receipt-root.ts';
import { tamperings } from '../support/receipt-tampering.ts';
import { runStandalone } from '../support/standalone-verifier.ts';
import { alice, bob, passphrase, payee, receiptRig, vaultAddress } from './receipt-rig.ts';

type Roots = { after: { chain: string }; roots: { batch: number; root: string }[] };

const zeros = '00'.repeat(32);

function states(checks: Check[]): Record<string, string> {
  return Object.fromEntries(checks.map(({ name, state }) => [name, state]));
}

const allOk = { vault: 'ok', leaf: 'ok', path: 'ok', list: 'ok', fold: 'ok', chain: 'ok', signature: 'ok' };

/** Three batches: seven calls of alice and bob, one of them refunded; then one call each. */
async function settledRig() {
  const rig = await receiptRig();
  rig.fund(alice, 1_000_000);
  rig.fund(bob, 1_000_000);
  const calls = [1, 2, 3, 4, 5, 6, 7].map((n) =>
    rig.charge(n % 3 === 0 ? bob : alice, n * 10_000, n === 4 ? { refund: 40_000 } : {}),
  );
  rig.confirm(
    rig.seal(),
    [1n, 2n].map(() => 0n),
  );
  for (let round = 0; round < 2; round++) {
    rig.charge(alice, 50_000);
    rig.confirm(
      rig.seal({ period: round + 1 }),
      rig.store.batches.lines(round + 2).map((line) => line.amount),
    );
  }
  const list = await rig.read<Roots>('/roots?lane=0');
  const chain = foldRoots(zeros, list.roots);
  const evidence = {
    vault: vaultAddress,
    networkPassphrase: passphrase,
    roots: list,
    chain: { value: chain },
    jwks: rig.jwks,
  };
  return { ...rig, calls, list, chain, evidence };
}

describe('a receipt', () => {
  it('of every settled call leads from its leaf to the chain value, for both verifiers', async () => {
    const { calls, receipt, list, chain, evidence, jwks } = await settledRig();
    for (const [at, call] of calls.entries()) {
      const own = await receipt(call, (at + 1) % 3 === 0 ? 'bob' : 'alice');
      expect(states(await verifyReceipt(own, evidence))).toEqual(allOk);
      const ran = await runStandalone({ receipt: own, roots: list, chain, jwks });
      expect(ran).toMatchObject({ code: 0, output: expect.not.stringContaining('FAILED') });
    }
  });

  it('changed in any one field is refused', async () => {
    const { calls, receipt, evidence } = await settledRig();
    const changed = tamperings(await receipt(calls[4] ?? 0));
    expect(changed.length).toBeGreaterThan(30);
    for (const { name, receipt: tampered } of changed) {
      const checks = await verifyReceipt(tampered, evidence);
      expect([name, checks.some((check) => check.state === 'failed')]).toEqual([name, true]);
    }
  });

  it('changed in any one character that is proven is refused', async () => {
    const { calls, receipt, evidence } = await settledRig();
    const { tx_url: _, ...proven } = await receipt(calls[4] ?? 0);
    const text = JSON.stringify(proven);
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.constantFrom(...'09afgzAZ_-.'), async (at, character) => {
        const changed = text.slice(0, at) + character + text.slice(at + 1);
        const value = parse(changed);
        if (value === undefined || JSON.stringify(value) === text) return;
        const checks = await verifyReceipt(value, evidence);
        expect(checks.some((check) => check.state === 'failed')).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('does not hold against a list with any one root changed, missing or added', async () => {
    const { calls, receipt, list, chain, evidence, jwks } = await settledRig();
    const own = await receipt(calls[0] ?? 0);
    const lists = list.roots.flatMap((root, at) => [
      {
        ...list,
        roots: list.roots.with(at, { ...root, root: root.root.replace(/^./, (c) => (c === '0' ? '1' : '0')) }),
      },
      { ...list, roots: list.roots.toSpliced(at, 1) },
      { ...list, roots: list.roots.toSpliced(at, 0, root) },
    ]);
    lists.push({ ...list, after: { ...list.after, chain: 'ab'.repeat(32) } });
    for (const roots of lists) {
      expect(Object.values(states(await verifyReceipt(own, { ...evidence, roots })))).toContain('failed');
      expect((await runStandalone({ receipt: own, roots, chain, jwks })).code).not.toBe(0);
    }
  });

  it('does not hold against a list with another root or transaction for its batch, even without a chain value', async () => {
    const { calls, receipt, list, evidence } = await settledRig();
    const own = await receipt(calls[0] ?? 0);
    const [first, ...rest] = list.roots;
    for (const other of [{ root: 'ab'.repeat(32) }, { tx_hash: 'ab'.repeat(32) }, { ledger: 21 }]) {
      const roots = { ...list, roots: [{ ...first, ...other }, ...rest] };
      const checks = await verifyReceipt(own, { ...evidence, roots, chain: undefined });
      expect(states(checks)).toMatchObject({ list: 'failed', path: 'ok' });
      expect((await runStandalone({ receipt: own, roots })).code).not.toBe(0);
    }
    const elsewhere = { ...list, vault: payee };
    expect(states(await verifyReceipt(own, { ...evidence, roots: elsewhere }))).toMatchObject({ list: 'failed' });
  });

  it('is compared with the vault that the reader trusts, whatever it says itself', async () => {
    const { calls, receipt, evidence } = await settledRig();
    const own = await receipt(calls[0] ?? 0);
    const other = await verifyReceipt(own, { ...evidence, vault: payee });
    expect(other.find(({ name }) => name === 'vault')).toMatchObject({ state: 'failed' });
    const network = await verifyReceipt(own, { ...evidence, networkPassphrase: 'another' });
    expect(network.find(({ name }) => name === 'vault')).toMatchObject({ state: 'failed' });
  });

  it('says how far it reaches: a list that ends before the vault, or a vault that lags, does not pass', async () => {
    const { calls, receipt, evidence, list } = await settledRig();
    const own = await receipt(calls[0] ?? 0);
    const chainAt = async (batch: number, value: string) =>
      (await verifyReceipt(own, { ...evidence, chain: { batch, value } })).find(({ name }) => name === 'chain');
    expect(await chainAt(3, foldRoots(zeros, list.roots))).toMatchObject({ state: 'ok' });
    expect(await chainAt(2, foldRoots(zeros, list.roots.slice(0, 2)))).toMatchObject({ state: 'ok' });
    expect(await chainAt(4, 'aa'.repeat(32))).toMatchObject({
      state: 'failed',
      detail: expect.stringContaining('newer'),
    });
    expect(await chainAt(0, zeros)).toMatchObject({
      state: 'failed',
      detail: expect.stringContaining('only at batch 0'),
    });
  });

  it('of a call in no batch is the signed leaf, and says that it proves no settlement', async () => {
    const { charge, receipt, jwks } = await receiptRig();
    const own = await receipt(charge(alice, 20_000));
    expect(own).toMatchObject({ state: 'unsealed', leaf: { price: '0.002', refund: '0' }, batch: null, path: null });
    const checks = await verifyReceipt(own, { jwks });
    expect(states(checks)).toMatchObject({ leaf: 'ok', path: 'not_checked', signature: 'ok' });
    const ran = await runStandalone({ receipt: own, roots: {}, jwks });
    expect(ran).toMatchObject({ code: 1, output: expect.stringContaining('the receipt is unsealed') });
    const forged = { ...own, state: 'unbatched' };
    expect(states(await verifyReceipt(forged, { jwks }))).toMatchObject({ signature: 'failed' });
  });

  it('of a charge that was filed without a batch says so', async () => {
    const { charge, receipt, store, jwks } = await receiptRig();
    const call = charge(alice, 20_000, { refund: 20_000 });
    sealNow(store, {
      lane: 0,
      nowMs: 1e12,
      ageMaxMs: 1,
      unfinishedUpTo: 0,
      minTotal: units(1),
      entriesMax: 100,
      linesMax: 400,
      period: 0,
    });
    const own = await receipt(call);
    expect(own).toMatchObject({ state: 'unbatched', leaf: { price: '0.002', refund: '0.002' }, batch: null });
    const checks = await verifyReceipt(own, { jwks });
    expect(checks.find(({ name }) => name === 'path')).toMatchObject({
      state: 'not_checked',
      detail: expect.stringContaining('nothing was due'),
    });
    expect(states(checks)).toMatchObject({ signature: 'ok' });
  });

  it('of a charge that a lost batch had settled does not say that nothing was due', async () => {
    const { charge, receipt, store, jwks } = await receiptRig();
    const call = charge(alice, 20_000);
    const filing = createFiling(store.db);
    for (const waiting of filing.waiting()) filing.file(waiting);
    const own = await receipt(call);
    expect(own).toMatchObject({ state: 'settled_elsewhere', leaf: { refund: '0' }, batch: null });
    expect(states(await verifyReceipt(own, { jwks }))).toMatchObject({ path: 'not_checked', signature: 'ok' });
  });

  it('follows its batch from sealed to confirmed with the transaction and a link', async () => {
    const { charge, receipt, seal, confirm } = await receiptRig();
    const call = charge(alice, 20_000);
    const sealed = seal();
    expect(await receipt(call)).toMatchObject({
      state: 'sealed',
      lane: 0,
      batch: 1,
      index: 0,
      size: 1,
      path: [],
      tx_hash: null,
    });
    confirm(sealed, [20_000n]);
    const own = await receipt(call);
    expect(own).toMatchObject({
      state: 'confirmed',
      root: sealed.root,
      ledger: 20,
      tx_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(own.tx_url).toBe(`https://explorer.example/tx/${own.tx_hash}`);
  });

  it('is made anew when its batch was taken apart', async () => {
    const { charge, receipt, seal, store } = await receiptRig();
    const call = charge(alice, 20_000);
    const sealed = seal();
    await receipt(call);
    store.batches.unseal(sealed.id);
    expect(await receipt(call)).toMatchObject({ state: 'unsealed' });
    charge(alice, 30_000);
    const again = seal();
    expect(again.id).toBe(sealed.id);
    expect(await receipt(call)).toMatchObject({ state: 'sealed', root: again.root, size: 2 });
  });

  it('never mixes two batches when one is taken apart while its tree is built', async () => {
    const { charge, receipt, get, seal, store, onceWhileBuilding, jwks } = await receiptRig();
    const call = charge(alice, 20_000);
    const sealed = seal();
    const again = () => {
      store.batches.unseal(sealed.id);
      charge(alice, 30_000);
      seal();
    };
    onceWhileBuilding(again);
    const own = await receipt(call);
    expect(own).toMatchObject({ state: 'sealed', size: 2 });
    expect(own.root).not.toBe(sealed.root);
    expect(states(await verifyReceipt(own, { jwks }))).toMatchObject({ leaf: 'ok', path: 'ok', signature: 'ok' });
    onceWhileBuilding(again);
    const refused = await get('/batches/0/1/leaves', 'alice');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    onceWhileBuilding(() => store.batches.unseal(sealed.id));
    expect(await receipt(call)).toMatchObject({ state: 'unsealed', batch: null });
  });

  it('exists for the account that paid and a token that covers the API, and for nobody else', async () => {
    const { charge, get } = await receiptRig();
    const call = charge(alice, 20_000);
    const status = async (path: string, token?: string) => (await get(path, token)).status;
    expect(await status(`/receipts/${call}`, 'alice-weather')).toBe(200);
    expect(await status(`/receipts/${call}`, 'alice-maps')).toBe(404);
    expect(await status(`/receipts/${call}`, 'bob')).toBe(404);
    expect(await status(`/receipts/${call}`)).toBe(401);
    expect(await status(`/receipts/${call}`, 'forged')).toBe(401);
    for (const text of ['0', '-1', 'x', '1e3', '99999999999999999', `0${call}`]) {
      expect(await status(`/receipts/${text}`, 'alice')).toBe(404);
    }
    const body = await (await get(`/receipts/${call}`, 'bob')).text();
    expect(body).toBe(await (await get('/receipts/1', 'bob')).text());
  });

  it('is rationed per account, and the ration comes back', async () => {
    const { charge, get, clock } = await receiptRig();
    const call = charge(alice, 20_000);
    const answers = await Promise.all(Array.from({ length: 201 }, () => get(`/receipts/${call}`, 'alice')));
    expect(answers.filter((answer) => answer.status === 429)).toHaveLength(1);
    expect((await get('/receipts/1', 'bob')).status).toBe(404);
    clock.advance(1_000);
    expect((await get(`/receipts/${call}`, 'alice')).status).toBe(200);
  });
});

describe('the own leaves of a batch', () => {
  it('are rationed per account more tightly than single receipts, since a page of them is the work of many', async () => {
    const { get, clock } = await receiptRig();
    const pages = await Promise.all(Array.from({ length: 121 }, () => get('/batches/0/9/leaves', 'alice')));
    expect(pages.filter((answer) => answer.status === 429)).toHaveLength(1);
    expect((await get('/batches/0/9/leaves', 'bob')).status).toBe(404);
    clock.advance(1_000);
    expect((await get('/batches/0/9/leaves', 'alice')).status).toBe(404);
  });

  it('sum to what was asked of the account, carried debt and refunds included, and each verifies', async () => {
    const rig = await settledRig();
    rig.fund(bob, 2_000_000);
    const seen: ReceiptView[] = [];
    // Batch 1 took nothing, so batch 2 begins with its debts.
    for (let cursor: string | null = '0'; cursor !== null; ) {
      const page: LeavesView = await rig.read(`/batches/0/2/leaves?limit=1&cursor=${cursor}`, 'alice');
      expect(page).toMatchObject({ lane: 0, batch: 2, state: 'confirmed' });
      seen.push(...page.items);
      cursor = page.next;
    }
    expect(seen.map(({ leaf }) => leaf.kind)).toEqual(['carry', 'call']);
    for (const own of seen) {
      expect(states(await verifyReceipt(own, rig.evidence))).toEqual(allOk);
      expect((await runStandalone({ receipt: own, roots: rig.list, chain: rig.chain, jwks: rig.jwks })).code).toBe(0);
    }
    const { lines } = await rig.read<LeavesView>('/batches/0/2/leaves', 'alice');
    // 1 + 2 + 5 + 7 of batch 1, the refunded 4 left out, and 5 of this one.
    expect(lines).toEqual([{ payee, amount: '0.02', taken: '0.02', payee_listed: true }]);
  });

  it('are nobody else’s', async () => {
    const { read } = await settledRig();
    const accounts = async (token: string) =>
      (await read<LeavesView>('/batches/0/1/leaves', token)).items.map(({ leaf }) => leaf.account);
    expect(new Set(await accounts('alice'))).toEqual(new Set([alice]));
    expect(new Set(await accounts('bob'))).toEqual(new Set([bob]));
    expect(await accounts('alice-maps')).toEqual([]);
    const limited = await read<LeavesView>('/batches/0/2/leaves', 'alice-weather');
    expect(limited.items.map(({ leaf }) => leaf.kind)).toEqual(['call']);
    expect(limited.lines).toBeNull();
  });

  it.each(['/batches/0/9/leaves', '/batches/1/1/leaves', '/batches/0/x/leaves', '/batches/0/1'])(
    'of %s do not exist',
    async (path) => {
      const { get } = await settledRig();
      expect((await get(path, 'alice')).status).toBe(404);
    },
  );
});

describe('the published roots', () => {
  it('are public, name no account and no amount, and say how long they may be kept', async () => {
    const { get, list, chain } = await settledRig();
    const answer = await get('/roots?lane=0');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=2');
    expect(Object.keys(list.roots[0] ?? {})).toEqual(['batch', 'root', 'tx_hash', 'ledger']);
    expect(await (await get('/roots')).json()).toEqual({
      version: 'callora.roots.v1',
      network_passphrase: passphrase,
      vault: vaultAddress,
      lanes: [{ lane: 0, first_batch: 1, last_batch: 3, chain }],
    });
    expect((await get('/roots?lane=1')).status).toBe(404);
    expect((await get('/roots?lane=x')).status).toBe(400);
    expect((await get('/roots?lane=0&cursor=-1')).status).toBe(400);
  });
});

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
