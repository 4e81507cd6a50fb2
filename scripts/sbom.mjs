// Writes dist/sbom.cdx.json, a bill of materials in CycloneDX 1.6: every npm package and crate of the lockfiles with its
// digest, and Node. `required` is what is shipped, `excluded` what only builds and tests. Run after a build.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { shippedPackages } from './shipped-packages.mjs';

const root = path.resolve(import.meta.dirname, '..');
const read = (file) => readFileSync(path.join(root, file), 'utf8');
const own = JSON.parse(read('package.json'));
const shipped = new Set(shippedPackages().map(({ folder }) => path.relative(root, folder)));

const components = [...npmPackages(), ...crates(), nodeItself()];
const reference = `pkg:npm/${own.name}@${own.version}`;
const bill = {
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  version: 1,
  metadata: {
    component: {
      type: 'application',
      'bom-ref': reference,
      name: own.name,
      version: own.version,
      licenses: [{ license: { id: own.license } }],
      purl: reference,
    },
  },
  components: components.sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1)),
};
writeFileSync(path.join(root, 'dist/sbom.cdx.json'), `${JSON.stringify(bill, undefined, 2)}\n`);

function npmPackages() {
  const found = new Map();
  for (const [folder, { version, integrity, license }] of Object.entries(
    JSON.parse(read('package-lock.json')).packages,
  )) {
    const name = folder.split('node_modules/').at(-1);
    // Without a digest: ourselves, and the folder that pins Node.
    if (integrity === undefined) continue;
    const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
    const scope = shipped.has(folder) || found.get(purl)?.scope === 'required' ? 'required' : 'excluded';
    found.set(purl, {
      type: 'library',
      'bom-ref': purl,
      name,
      version,
      scope,
      hashes: [digestOf(integrity)],
      ...(license === undefined ? {} : { licenses: [licenceOf(license)] }),
      purl,
    });
  }
  return [...found.values()];
}

/** `sha512-…` in base64, as npm writes it. */
function digestOf(integrity) {
  const [algorithm, base64] = integrity.split(' ')[0].split('-');
  return { alg: algorithm.replace('sha', 'SHA-'), content: Buffer.from(base64, 'base64').toString('hex') };
}

function licenceOf(text) {
  return / (OR|AND|WITH) |[()/]/.test(text) ? { expression: text } : { license: { id: text } };
}

function crates() {
  return read('contracts/Cargo.lock')
    .split('[[package]]')
    .flatMap((block) => {
      const field = (name) => new RegExp(`^${name} = "([^"]+)"`, 'm').exec(block)?.[1];
      const [name, version, checksum] = [field('name'), field('version'), field('checksum')];
      if (!checksum) return [];
      const purl = `pkg:cargo/${name}@${version}`;
      const hashes = [{ alg: 'SHA-256', content: checksum }];
      return [{ type: 'library', 'bom-ref': purl, name, version, hashes, purl }];
    });
}

function nodeItself() {
  const version = process.versions.node;
  const purl = `pkg:generic/node@${version}`;
  return { type: 'platform', 'bom-ref': purl, name: 'node', version, scope: 'required', purl };
}
