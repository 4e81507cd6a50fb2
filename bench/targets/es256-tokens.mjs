import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

/** As many tokens as there are accounts, with the claims of Callora's own, signed with ES256; and the public key. */
export function writeEs256Tokens({ folder, accounts, issuer }) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const header = part({ alg: 'ES256', typ: 'at+jwt', kid: randomBytes(32).toString('base64url') });
  const iat = Math.floor(Date.now() / 1_000);
  const tokens = accounts.map((account) => {
    const jti = randomBytes(16).toString('base64url');
    const times = { iat, exp: iat + 86_400 };
    const payload = part({ iss: issuer, aud: issuer, sub: account, client_id: account, scope: '*', ...times, jti });
    const signed = `${header}.${payload}`;
    const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
    return `${signed}.${signature.toString('base64url')}`;
  });
  const tokensFile = path.join(folder, 'es256.tokens');
  const es256PublicKey = path.join(folder, 'es256.pem');
  writeFileSync(tokensFile, `${tokens.join('\n')}\n`);
  writeFileSync(es256PublicKey, publicKey.export({ type: 'spki', format: 'pem' }));
  return { tokensFile, es256PublicKey };
}
