import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** Certificates made when a test needs them, so that none in the repository can expire. Version 3, P-256, SHA-256. */

export type Certificate = { cert: string; key: string };

export type CertificateOptions = {
  /** DNS names and IPv4 addresses. */
  names?: string[];
  from?: Date;
  to?: Date;
  /** Who signs; the certificate signs itself without one. */
  issuer?: Certificate & { name: string };
  name?: string;
  isAuthority?: boolean;
  /** An RSA key of so many bits instead of P-256; its certificate needs an issuer. */
  rsaBits?: number;
};

const dayMs = 86_400_000;

export function makeCertificate(options: CertificateOptions = {}): Certificate {
  const { names = ['localhost', '127.0.0.1'], name = 'test', issuer, isAuthority = false } = options;
  const from = options.from ?? new Date(Date.now() - dayMs);
  const to = options.to ?? new Date(Date.now() + 90 * dayMs);
  const pair = options.rsaBits
    ? generateKeyPairSync('rsa', { modulusLength: options.rsaBits })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid(1, 2, 840, 10045, 4, 3, 2));
  const body = sequence(
    tagged(0xa0, integer(2)),
    integer(Math.floor(Math.random() * 0x7fffffff) + 1),
    algorithm,
    distinguishedName(issuer?.name ?? name),
    sequence(time(from), time(to)),
    distinguishedName(name),
    pair.publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions(names, isAuthority))),
  );
  const signer: KeyObject = issuer ? createPrivateKey(issuer.key) : pair.privateKey;
  const signature = sign('sha256', body, signer);
  const whole = sequence(body, algorithm, tagged(0x03, Buffer.concat([Buffer.of(0), signature])));
  return {
    cert: pem(whole),
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function extensions(names: string[], isAuthority: boolean): Buffer[] {
  const alternatives = names.map((name) =>
    /^[0-9.]+$/.test(name)
      ? tagged(0x87, Buffer.from(name.split('.').map(Number)))
      : tagged(0x82, Buffer.from(name, 'latin1')),
  );
  const found = [sequence(oid(2, 5, 29, 17), tagged(0x04, sequence(...alternatives)))];
  if (isAuthority) found.push(sequence(oid(2, 5, 29, 19), tagged(0x04, sequence(tagged(0x01, Buffer.of(0xff))))));
  return found;
}

function distinguishedName(name: string): Buffer {
  return sequence(tagged(0x31, sequence(oid(2, 5, 4, 3), tagged(0x0c, Buffer.from(name)))));
}

/** GeneralizedTime; what reads it here takes it for every year. */
function time(at: Date): Buffer {
  const digits = at.toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return tagged(0x18, Buffer.from(`${digits}Z`));
}

function integer(value: number): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex');
  return tagged(0x02, (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}

function oid(first: number, second: number, ...rest: number[]): Buffer {
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tagged(0x06, Buffer.from(bytes));
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
