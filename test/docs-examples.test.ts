import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';

/** What a page shows to be copied must be readable. */

const root = path.resolve(import.meta.dirname, '..');
const docs = readdirSync(path.join(root, 'docs')).filter((file) => file.endsWith('.md'));

const blocks = ['README.md', ...docs.map((file) => `docs/${file}`)].flatMap((page) => {
  const text = readFileSync(path.join(root, page), 'utf8');
  return [...text.matchAll(/^```(yaml|json)\n(.*?)^```/gms)].map(([, language = '', body = '']) => ({
    page,
    language,
    body,
  }));
});

function faultsOf({ language, body }: (typeof blocks)[number]): string[] {
  const faults = parseDocument(body, { version: '1.2' }).errors.map(({ message }) => message);
  if (language === 'json') {
    try {
      JSON.parse(body);
    } catch (error) {
      faults.push(String(error));
    }
  }
  return faults;
}

describe('examples in the documents', () => {
  it('are many', () => {
    expect(blocks.length).toBeGreaterThan(8);
  });

  it.each(blocks)('can be read as $language: $page', (block) => {
    expect(faultsOf(block)).toEqual([]);
  });
});
