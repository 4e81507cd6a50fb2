import type { Config } from '../catalog/model.ts';
import { coversHost, dateFault, hasChain, isoTime, readTlsPair } from '../catalog/tls-pair.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** What clients will make of the certificate: the pair, its dates, the names in it and the chain up to a root. */
export function checkTls({ gateway: { tls, publicUrl, pagesUrl } }: Config, nowMs: number): Finding[] {
  if (!tls) return [];
  const read = readTlsPair(tls);
  if (!read.ok) return [fail('TLS', read.message)];
  const { pair } = read;
  const findings = pair.warnings.map((warning) => warn('TLS', warning));
  const dates = dateFault(pair, nowMs);
  const isOver = nowMs < pair.startsAtMs || nowMs >= pair.expiresAtMs;
  if (dates !== undefined) findings.push((isOver ? fail : warn)('TLS', `the certificate ${dates}`));
  for (const { protocol, hostname } of [new URL(publicUrl), ...(pagesUrl ? [pagesUrl] : [])]) {
    if (protocol !== 'https:' || coversHost(pair, hostname)) continue;
    const names = pair.leaf.subjectAltName ?? 'no name';
    findings.push(fail('TLS', `the certificate is for ${names}, and consumers ask for ${hostname}`));
  }
  if (!hasChain(pair)) {
    const detail = `${tls.certFile} lacks the certificate of its issuer: clients that do not know it will refuse`;
    findings.push(warn('TLS', detail));
  }
  if (findings.length > 0) return findings;
  return [ok('TLS', `${pair.leaf.subjectAltName}, until ${isoTime(pair.expiresAtMs)}`)];
}
