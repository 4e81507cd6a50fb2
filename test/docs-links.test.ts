import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

/** Links between the pages of this repository: a page that was renamed must not leave a reader at a dead end. */

const root = path.resolve(import.meta.dirname, '..');

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'contracts/README.md',
  'contracts/host/README.md',
  ...readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];

/** The page without its code, in which brackets mean something else. */
function prose(page: string): string {
  return readFileSync(path.join(root, page), 'utf8')
    .replace(/^( *)```.*?^\1```/gms, '')
    .replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]]/g, ''));
}

function linksOf(page: string): string[] {
  const text = prose(page);
  return [...text.matchAll(/\]\(([^()\s]+)\)|\b(?:src|href)="([^"]+)"/g)]
    .map((match) => match[1] ?? match[2] ?? '')
    .filter((link) => !/^[a-z][a-z+.-]*:/i.test(link));
}

/** The anchors that a forge makes of a page's headings. */
function anchorsOf(page: string): string[] {
  return [...prose(page).matchAll(/^#{1,6} +(.+?) *$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function isDead(page: string, link: string): boolean {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? page : path.join(path.dirname(page), decodeURI(file));
  if (!existsSync(path.join(root, target))) return true;
  return anchor !== undefined && !anchorsOf(target).includes(anchor);
}

describe('links in the documents', () => {
  it('are many', () => {
    expect(pages.flatMap(linksOf).length).toBeGreaterThan(50);
  });

  it.each(pages)('lead somewhere: %s', (page) => {
    expect(linksOf(page).filter((link) => isDead(page, link))).toEqual([]);
  });
});
