import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { catalogLimits } from './limits-defaults.ts';
import type { TlsFiles } from './model.ts';
import { permissionWarning } from './secret-file.ts';

/** A certificate with its key, read and found to fit each other. */
export type TlsPair = {
  /** What `node:tls` makes a context of; holds the key and is never shown. */
  context: SecureContextOptions;
  leaf: X509Certificate;
  startsAtMs: number;
  expiresAtMs: number;
  /** Things that work and that a person should know. */
  warnings: string[];
};

export type TlsPairResult = { ok: true; pair: TlsPair } | { ok: false; message: string };

/**
 * Suites with forward secrecy and authenticated encryption only: every client of the last ten years has one of them.
 * The names of TLS 1.3 stand first, since the list is for both versions.
 */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** Reads both files and says plainly what is wrong with them. No message holds a byte of the key. */
export function readTlsPair({ certFile, keyFile, minVersion }: TlsFiles): TlsPairResult {
  const cert = readPem('cert_file', certFile);
  if (!cert.ok) return cert;
  const key = readPem('key_file', keyFile);
  if (!key.ok) return key;
  const leaf = attempt(() => new X509Certificate(cert.text));
  if (!leaf) return bad(`cert_file names ${certFile}, which holds no certificate in PEM form`);
  if (/^-----BEGIN ENCRYPTED |^Proc-Type: .*ENCRYPTED/m.test(key.text)) {
    return bad(`key_file names ${keyFile}, whose key is encrypted, and nobody is there to type the passphrase`);
  }
  const privateKey = attempt(() => createPrivateKey(key.text));
  if (!privateKey) return bad(`key_file names ${keyFile}, which holds no private key in PEM form`);
  if (!leaf.checkPrivateKey(privateKey)) {
    return bad(`the key in ${keyFile} is not the one of the certificate in ${certFile}: renew or copy both together`);
  }
  const context: SecureContextOptions = {
    cert: cert.text,
    key: key.text,
    minVersion,
    ciphers,
    honorCipherOrder: true,
    // A client that asks for new keys again and again costs more than it pays.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  };
  try {
    createSecureContext(context);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
    return bad(`the certificate in ${certFile} and its key cannot be used${code}`);
  }
  const permission = permissionWarning(keyFile, key.mode);
  const startsAtMs = Date.parse(leaf.validFrom);
  const expiresAtMs = Date.parse(leaf.validTo);
  return { ok: true, pair: { context, leaf, startsAtMs, expiresAtMs, warnings: permission ? [permission] : [] } };
}

function readPem(
  field: string,
  file: string,
): { ok: true; text: string; mode: number } | { ok: false; message: string } {
  try {
    const stat = statSync(file);
    if (!stat.isFile()) return bad(`${field} names ${file}, which is not a file`);
    if (stat.size > catalogLimits.pemBytesMax) return bad(`${field} names ${file}, which is too large`);
    return { ok: true, text: readFileSync(file, 'utf8'), mode: stat.mode };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return bad(`${field} names ${file}, which ${code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`}`);
  }
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

function bad(message: string): { ok: false; message: string } {
  return { ok: false, message };
}

const dayMs = 86_400_000;

/** Who renews in time has more left than this: two weeks, or a third of a shorter life. */
const warnBeforeMsMax = 14 * dayMs;

/** What its dates say against a certificate now; undefined while all is well. */
export function dateFault({ startsAtMs, expiresAtMs }: TlsPair, nowMs: number): string | undefined {
  if (nowMs < startsAtMs) return `is not valid before ${isoTime(startsAtMs)}`;
  if (nowMs >= expiresAtMs) return `expired at ${isoTime(expiresAtMs)}`;
  const leftMs = expiresAtMs - nowMs;
  const soon = leftMs < Math.min(warnBeforeMsMax, (expiresAtMs - startsAtMs) / 3);
  return soon ? `expires at ${isoTime(expiresAtMs)}, in ${(leftMs / dayMs).toFixed(1)} days` : undefined;
}

/** True when clients that ask for this host accept the name in the certificate. */
export function coversHost({ leaf }: TlsPair, host: string): boolean {
  const plain = host.startsWith('[') ? host.slice(1, -1) : host;
  return (isIP(plain) === 0 ? leaf.checkHost(plain) : leaf.checkIP(plain)) !== undefined;
}

/** True when the file holds the issuer's certificate too, or needs none: clients know roots, not what is between. */
export function hasChain({ leaf, context }: TlsPair): boolean {
  if (leaf.checkIssued(leaf)) return true;
  const [, ...others] = String(context.cert).split(/(?=-----BEGIN CERTIFICATE-----)/);
  return others.some((pem) => {
    const issuer = attempt(() => new X509Certificate(pem));
    return issuer !== undefined && leaf.checkIssued(issuer);
  });
}

export function isoTime(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}
