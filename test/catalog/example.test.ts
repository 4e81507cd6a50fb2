import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/catalog/load.ts';
import { api, route, sections, webhook } from '../../src/catalog/schema.ts';
import { catalogFolder, loadGood, withApi } from './folder.ts';

const example = readFileSync(path.resolve(import.meta.dirname, '../../config.example.yaml'), 'utf8');

/** Every key of a schema and of what it holds, as dotted paths. */
function keysOf(schema: unknown, prefix: string): string[] {
  const shape = shapeOf(schema);
  if (!shape) return [prefix];
  return Object.entries(shape).flatMap(([key, field]) => keysOf(field, `${prefix}.${key}`));
}

function shapeOf(schema: unknown): Record<string, unknown> | undefined {
  let at = schema as { shape?: Record<string, unknown>; unwrap?: () => unknown };
  while (!at.shape && at.unwrap) at = at.unwrap() as typeof at;
  return at.shape;
}

it('the example loads', () => {
  const { file } = catalogFolder(example);
  const loaded = loadConfig({ file, env: { WEATHER_KEY: 'k' } });
  expect(loaded.ok ? loaded.warnings : loaded.problems).toEqual([]);
});

it('the example shows every key of the schema', () => {
  const all = [
    ...Object.entries(sections).flatMap(([name, section]) => keysOf(section, name)),
    ...keysOf(api, 'apis'),
    ...keysOf(webhook, 'webhooks'),
    ...keysOf(route, 'apis.routes'),
  ];
  expect(all.length).toBeGreaterThan(60);
  const keys = new Set([...example.matchAll(/(?:^|[\s{,#-])([a-z_]+):(?=\s|$)/gm)].map((match) => match[1]));
  expect(all.filter((dotted) => !keys.has(dotted.split('.').at(-1) ?? ''))).toEqual([]);
});

it('the example shows the defaults', () => {
  const { folder, file } = catalogFolder('');
  mkdirSync(path.join(folder, 'data'));
  writeFileSync(file, example);
  const loaded = loadConfig({ file, env: { WEATHER_KEY: 'k' } });
  if (!loaded.ok) throw new Error('not loaded');
  const shown = loaded.config;
  const defaults = loadGood(withApi('price: "1"'));
  expect(shown.gateway).toEqual({ ...defaults.gateway, publicUrl: shown.gateway.publicUrl });
  expect(shown.settlement).toEqual(defaults.settlement);
  expect(shown.deposits).toEqual(defaults.deposits);
  expect(shown.log).toEqual(defaults.log);
  expect({ ...shown.storage, path: '' }).toEqual({ ...defaults.storage, path: '' });
  expect({ ...shown.tokens, keysFile: '' }).toEqual({ ...defaults.tokens, keysFile: '' });
  expect(shown.stellar.feeMaxStroops).toBe(defaults.stellar.feeMaxStroops);
  expect(shown.apis[0]?.upstream.connectionsMax).toBe(defaults.apis[0]?.upstream.connectionsMax);
});
