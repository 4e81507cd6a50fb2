import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export type Issued = { cert: string; key: string };

/** A private CA and what it issues, made for one test run: nothing that could expire is kept in the repository. */
export function createAuthority(name: string): {
  cert: string;
  issue(subject: string, altNames: string): Issued;
  remove(): void;
} {
  const folder = mkdtempSync(path.join(tmpdir(), 'callora-ca-'));
  const at = (file: string) => path.join(folder, file);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const ca = ['-x509', '-days', '2', '-subj', `/CN=${name}`, '-addext', 'keyUsage=critical,keyCertSign'];
  openssl('req', ...newKey, ...ca, '-keyout', at('ca.key'), '-out', at('ca.pem'));
  return {
    cert: readFileSync(at('ca.pem'), 'latin1'),
    issue(subject, altNames) {
      openssl('req', ...newKey, '-subj', `/CN=${subject}`, '-keyout', at('one.key'), '-out', at('one.csr'));
      writeFileSync(at('one.ext'), `subjectAltName=${altNames}\n`);
      const signer = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial'];
      openssl(
        'x509',
        '-req',
        '-in',
        at('one.csr'),
        ...signer,
        '-days',
        '2',
        '-extfile',
        at('one.ext'),
        '-out',
        at('one.pem'),
      );
      return { cert: readFileSync(at('one.pem'), 'latin1'), key: readFileSync(at('one.key'), 'latin1') };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
