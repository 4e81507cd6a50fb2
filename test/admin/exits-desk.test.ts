import { expect, it } from 'vitest';
import { createExitsDesk } from '../../src/admin/exits-desk.ts';
import { createLedger } from '../../src/billing/ledger.ts';
import { units } from '../../src/money.ts';
import { openTestStore } from '../store/rig.ts';

function build() {
  const { store } = openTestStore();
  const ledger = createLedger({ limitPeriodS: 100, chainTimeS: () => 0 });
  for (const address of ['GA', 'GB', 'GC']) {
    const { id } = ledger.open({ id: store.accounts.ensure(address), address });
    const life = { madeLedger: id, expiresLedger: id + 90, createdAtMs: 1_000 };
    store.exits.open({ accountId: id, to: 'GT', amount: units(25_000_000), envelopeXdr: 'the envelope', ...life });
  }
  store.exits.expire({ ledger: 91, closedAtMs: 2_000, ledgerMs: 0 });
  return createExitsDesk({ exits: store.exits, ledger });
}

const ids = ({ items }: { items: { id: string }[] }) => items.map(({ id }) => id);

it('shows the operator whose money leaves, when and how it ended, and no envelope', async () => {
  const { items } = await build().exits({});
  expect(items.at(-1)).toEqual({
    id: '1',
    account: 'GA',
    to: 'GT',
    amount: '2.5',
    state: 'expired',
    created_at: '1970-01-01T00:00:01.000Z',
    expires_ledger: 91,
    ended_at: '1970-01-01T00:00:02.000Z',
    tx_hash: null,
  });
});

it('lists newest first, in pages, of one account or only what can still land', async () => {
  const desk = build();
  const first = await desk.exits({ limit: 2 });
  expect(ids(first)).toEqual(['3', '2']);
  expect(ids(await desk.exits({ limit: 2, cursor: first.next ?? undefined }))).toEqual(['1']);
  expect(ids(await desk.exits({ open: true }))).toEqual(['3', '2']);
  expect(ids(await desk.exits({ account: 'GB' }))).toEqual(['2']);
  await expect(desk.exits({ account: 'GX' })).rejects.toMatchObject({ code: 'not_found' });
});
