import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { catalogLimits } from './limits-defaults.ts';
import type { UpstreamTls } from './model.ts';
import type { ApiDraft } from './parse.ts';
import type { Report } from './report.ts';
import { permissionWarning } from './secret-file.ts';

/**
 * Reads the certificates of an https upstream now, so that a file that is missing or does not fit stops the load and
 * not the first call. No text of a file ever stands in a message.
 */
export function readUpstreamTls({ settings, path: at }: ApiDraft, report: Report): UpstreamTls | undefined {
  const { tls } = settings;
  if (!tls) return undefined;
  const { source, problems } = report;
  const read = (key: 'ca_file' | 'cert_file' | 'key_file', fault: (pem: string) => string | undefined) => {
    const name = tls[key];
    if (name === undefined) return undefined;
    const file = path.resolve(report.folder, name);
    const found = readPem(file);
    const message = found.ok ? fault(found.pem) : found.message;
    if (message === undefined && found.ok) {
      const warning = key === 'key_file' ? permissionWarning(file, found.mode) : undefined;
      if (warning) report.warnings.push(source.problem([...at, 'tls', key], warning, 'mode 0600'));
      return found.pem;
    }
    problems.push(source.problem([...at, 'tls', key], `names ${file}, which ${message}`, expectedOf[key]));
    return undefined;
  };
  const ca = read('ca_file', certificateFault);
  const cert = read('cert_file', certificateFault);
  const key = read('key_file', keyFault);
  if ((tls.cert_file === undefined) !== (tls.key_file === undefined)) {
    const [there, missing] = tls.cert_file === undefined ? ['key_file', 'cert_file'] : ['cert_file', 'key_file'];
    problems.push(source.problem([...at, 'tls', there], `stands without ${missing}`, 'both of them, or neither'));
  } else if (cert !== undefined && key !== undefined && !fits(cert, key)) {
    const message = 'is not the key of the certificate in cert_file';
    problems.push(source.problem([...at, 'tls', 'key_file'], message, 'the key that belongs to it'));
  } else {
    const fault = contextFault({ ca, cert, key });
    if (fault) problems.push(source.problem([...at, 'tls'], `cannot be used: ${fault}`, 'other certificates'));
  }
  return { ca, cert, key, serverName: tls.server_name };
}

const expectedOf = {
  ca_file: 'certificates in PEM form',
  cert_file: 'a certificate in PEM form, with those between it and its CA',
  key_file: 'a private key in PEM form without a passphrase',
};

type Pem = { ok: true; pem: string; mode: number } | { ok: false; message: string };

function readPem(file: string): Pem {
  try {
    const stat = statSync(file);
    if (!stat.isFile()) return { ok: false, message: 'is not a file' };
    if (stat.size > catalogLimits.pemBytesMax) return { ok: false, message: 'is too large for certificates' };
    return { ok: true, pem: readFileSync(file, 'latin1'), mode: stat.mode };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return { ok: false, message: code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})` };
  }
}

/** Node takes a file of which it understands only the beginning; here every certificate has to be one. */
function certificateFault(pem: string): string | undefined {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const begun = pem.split('-----BEGIN CERTIFICATE-----').length - 1;
  if (begun === 0) return 'holds no certificate';
  return begun === blocks.length && blocks.every(isCertificate) ? undefined : 'holds a certificate that is broken';
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== null;
  } catch {
    return false;
  }
}

function keyFault(pem: string): string | undefined {
  try {
    return createPrivateKey(pem).type === 'private' ? undefined : 'holds no private key';
  } catch {
    return 'holds no private key that can be read';
  }
}

/** What OpenSSL alone judges, such as keys too short to be safe. */
function contextFault(files: SecureContextOptions): string | undefined {
  try {
    createSecureContext(files);
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  }
}

function fits(cert: string, key: string): boolean {
  return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
}
