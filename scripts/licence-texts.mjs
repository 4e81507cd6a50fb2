// Licences of third parties as one text: each distinct wording once, under the names of the packages it covers.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Wordings of a package's folder; most packages have one file. */
export function licenceFiles(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /^(licen[cs]e|copying|notice|unlicense)/i.test(entry.name))
    .map((entry) => readFileSync(path.join(folder, entry.name), 'utf8').replaceAll('\r\n', '\n').trim())
    .filter((text) => text !== '');
}

/** `packages`: name, version, licence (as the package states it) and texts. */
export function renderLicences(heading, packages) {
  const sorted = packages.toSorted((a, b) => (a.name < b.name ? -1 : 1) || (a.version < b.version ? -1 : 1));
  const line = ({ name, version, licence }) => `${name} ${version} (${licence})`;
  // Copies differ in line breaks and indentation; the words are what counts.
  const wordings = new Map();
  for (const each of sorted) {
    for (const text of each.texts) {
      const key = text.replaceAll(/\s+/g, ' ');
      const { names } = wordings.get(key) ?? { names: [] };
      wordings.set(key, { text, names: [...names, line(each)] });
    }
  }
  const bare = sorted.filter(({ texts }) => texts.length === 0).map(line);
  const rule = '-'.repeat(80);
  const parts = [...wordings.values()].map(({ text, names }) => `${rule}\n${names.join('\n')}\n${rule}\n\n${text}\n`);
  const rest = bare.length > 0 ? [`${rule}\nStated without a text of their own:\n${bare.join('\n')}\n${rule}\n`] : [];
  return `${heading}\n\n${[...parts, ...rest].join('\n')}`;
}
