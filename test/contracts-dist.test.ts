import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const contracts = path.resolve(import.meta.dirname, '../contracts');
const dist = path.join(contracts, 'dist');
const record = JSON.parse(readFileSync(path.join(dist, 'checksums.json'), 'utf8'));

describe('the committed contracts', () => {
  it('are the files the record describes, and no others', () => {
    const found = readdirSync(dist).filter((file) => file.endsWith('.wasm'));
    const described = found.map((file) => {
      const bytes = readFileSync(path.join(dist, file));
      return [file, { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length }];
    });
    expect(Object.fromEntries(described)).toEqual(record.artefacts);
  });

  it('were built with the crates the lockfile pins', () => {
    const lock = readFileSync(path.join(contracts, 'Cargo.lock'), 'utf8');
    for (const [name, version] of Object.entries(record.crates)) {
      expect(lock).toContain(`name = "${name}"\nversion = "${version}"\n`);
    }
  });

  it('import nothing but what the loader provides', () => {
    const host = new WebAssembly.Module(readFileSync(path.join(dist, 'host.wasm')));
    const imports = WebAssembly.Module.imports(host).map(({ module, name }) => `${module}.${name}`);
    expect(imports.sort()).toEqual(['env.ledger_get', 'env.log']);
  });

  it('hold no path of the machine that built them', () => {
    for (const file of Object.keys(record.artefacts)) {
      const text = readFileSync(path.join(dist, file), 'latin1');
      expect(text).not.toMatch(/\/(home|root|Users|tmp|work)\//);
    }
  });
});
