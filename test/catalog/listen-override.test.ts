import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/catalog/load.ts';
import { catalogFolder, withApi } from './folder.ts';

function load(env: Record<string, string>) {
  const { file } = catalogFolder(withApi('price: "1"'));
  return loadConfig({ file, env });
}

describe('addresses in the environment', () => {
  it('win over those of the file, for both listeners alike', () => {
    const loaded = load({ CALLORA_LISTEN: '0.0.0.0:80', CALLORA_ADMIN_LISTEN: '[::1]:9' });
    expect(loaded).toMatchObject({
      ok: true,
      config: { gateway: { listen: { host: '0.0.0.0', port: 80 } }, admin: { listen: { host: '::1', port: 9 } } },
    });
  });

  it('leave the file alone when they are empty, and stop the start when they are no addresses', () => {
    expect(load({ CALLORA_LISTEN: '' })).toMatchObject({ ok: true, config: { gateway: { listen: { port: 8402 } } } });
    const refused = load({ CALLORA_ADMIN_LISTEN: 'everywhere' });
    expect(refused).toMatchObject({ ok: false, problems: [{ field: 'admin.listen' }] });
  });

  it('are checked like those of the file', () => {
    expect(load({ CALLORA_ADMIN_LISTEN: '127.0.0.1:8402' })).toMatchObject({
      ok: false,
      problems: [{ field: 'admin.listen', message: expect.stringContaining('same port') }],
    });
  });
});
