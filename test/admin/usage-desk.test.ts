import { afterEach, describe, expect, it } from 'vitest';
import { alice, bob, createRig, type Rig } from './rig.ts';

const open: Rig[] = [];
afterEach(async () => {
  for (const rig of open.splice(0)) await rig.close();
});

/** Two days of calls: the clock of the rig stands at 2027-01-15T08:00Z. */
async function twoDays(): Promise<Rig> {
  const rig = await createRig();
  open.push(rig);
  rig.fund(alice, '1');
  rig.fund(bob, '1');
  await rig.charge(alice, '0.002');
  rig.clock.advance(86_400_000);
  await rig.charge(alice, '0.003');
  const call = await rig.charge(bob, '0.01');
  await rig.books.refund(call);
  return rig;
}

describe('the usage summary', () => {
  it('adds up by day, and in all', async () => {
    const rig = await twoDays();
    expect(await rig.books.usageSummary({ from: '2027-01-01' })).toEqual({
      from: '2027-01-01',
      to: '2027-01-16',
      by: 'day',
      currency: 'USDC',
      items: [
        { day: '2027-01-15', calls: 1, refunded_calls: 0, gross: '0.002', refunded: '0', net: '0.002' },
        { day: '2027-01-16', calls: 2, refunded_calls: 1, gross: '0.013', refunded: '0.01', net: '0.003' },
      ],
      total: { calls: 3, refunded_calls: 1, gross: '0.015', refunded: '0.01', net: '0.005' },
    });
  });

  it('is cut by account and by route, of one account and of one API', async () => {
    const { books } = await twoDays();
    const byAccount = await books.usageSummary({ by: 'account' });
    expect(byAccount.items.map(({ account, net }) => [account, net])).toEqual([
      [alice, '0.005'],
      [bob, '0'],
    ]);
    const byRoute = await books.usageSummary({ by: 'route', account: alice, api: 'weather' });
    expect(byRoute.items).toEqual([
      {
        api: 'weather',
        method: 'GET',
        route: '/weather/:city',
        calls: 2,
        refunded_calls: 0,
        gross: '0.005',
        refunded: '0',
        net: '0.005',
      },
    ]);
    expect((await books.usageSummary({ api: 'maps' })).items).toEqual([]);
  });

  it('refuses what it does not know, and says which field', async () => {
    const { books } = await twoDays();
    await expect(books.usageSummary({ by: 'token' })).rejects.toThrow('by must be one of route, day, account');
    await expect(books.usageSummary({ api: 'wether' })).rejects.toMatchObject({ code: 'not_found' });
    await expect(books.usageSummary({ account: 'GNOBODY' })).rejects.toMatchObject({ code: 'not_found' });
    await expect(books.usageSummary({ from: '2027-02-30' })).rejects.toMatchObject({ code: 'bad_parameter' });
  });
});
