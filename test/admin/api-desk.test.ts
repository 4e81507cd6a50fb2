import { afterEach, describe, expect, it } from 'vitest';
import { createRig, type Rig } from './rig.ts';

const open: Rig[] = [];
afterEach(async () => {
  for (const rig of open.splice(0)) await rig.close();
});

async function rigged(...args: Parameters<typeof createRig>): Promise<Rig> {
  const rig = await createRig(...args);
  open.push(rig);
  return rig;
}

describe('the list of APIs', () => {
  it('names upstreams that get no calls, with the reason', async () => {
    const state = { api: 'maps', up: false, calls: 0, idle: 0, waiting: 0 } as const;
    const rig = await rigged({
      upstreams: () => [
        { ...state, origin: 'http://a.example', breaker: 'open', healthy: undefined },
        { ...state, origin: 'http://b.example', breaker: 'closed', healthy: false, trouble: '/healthz answers 404' },
        { ...state, origin: 'http://c.example', breaker: 'half_open', healthy: true },
        { ...state, origin: 'http://d.example', breaker: 'closed', healthy: true, up: true },
      ],
    });
    const maps = (await rig.books.apis()).items.find((item) => item.name === 'maps');
    expect(maps?.upstreams_down).toEqual([
      { url: 'http://a.example', reason: 'its last calls failed' },
      { url: 'http://b.example', reason: 'fails its health probes: /healthz answers 404' },
      { url: 'http://c.example', reason: 'is tried by one call' },
    ]);
  });
});

describe('a pause', () => {
  it('binds the call path before it is confirmed, is in the list with its reason, and leaves an audit row', async () => {
    const paused = new Set<string>();
    const rig = await rigged({ paused });
    expect(await rig.books.pauseApi('maps', 'upstream repairs')).toEqual({ api: 'maps', outcome: 'paused' });
    expect([...paused]).toEqual(['maps']);
    const maps = (await rig.books.apis()).items.find((item) => item.name === 'maps');
    expect(maps).toMatchObject({ pause_reason: 'upstream repairs', paused_at: '2027-01-15T08:00:00.000Z' });
    const [row] = (await rig.books.audit({ limit: 1 })).items;
    expect(row).toMatchObject({ action: 'api pause', subject: 'maps', detail: 'upstream repairs' });
  });

  it('twice keeps the first reason, and resuming lifts it', async () => {
    const paused = new Set<string>();
    const rig = await rigged({ paused });
    await rig.books.pauseApi('maps', 'first');
    expect(await rig.books.pauseApi('maps', 'second')).toMatchObject({ outcome: 'already' });
    expect(rig.store.apiPauses.list()).toMatchObject([{ api: 'maps', reason: 'first' }]);
    expect(await rig.books.resumeApi('maps')).toMatchObject({ outcome: 'resumed' });
    expect([...paused]).toEqual([]);
    expect(rig.store.apiPauses.list()).toEqual([]);
  });

  it('is in the database after a restart, and shown even when the catalog has lost the API', async () => {
    const rig = await createRig();
    await rig.books.pauseApi('maps', undefined);
    const dir = await rig.close({ keep: true });
    const again = await rigged({ config: () => ({ apis: [] }) as never }, dir);
    expect((await again.books.apis()).items).toMatchObject([{ name: 'maps', in_catalog: false, mount: null }]);
    expect(await again.books.resumeApi('maps')).toMatchObject({ outcome: 'resumed' });
  });

  it('of an API that the catalog does not have is refused by name, and the attempt is in the audit', async () => {
    const rig = await rigged();
    await expect(rig.books.pauseApi('wether', undefined)).rejects.toMatchObject({ code: 'not_found' });
    const [row] = (await rig.books.audit({ limit: 1 })).items;
    expect(row?.detail).toContain('refused: the catalog has no API "wether"');
  });
});
