import path from 'node:path';
import { addressKind } from './address.ts';
import { compileApis } from './compile-apis.ts';
import { usesEnvironment } from './environment.ts';
import { catalogLimits } from './limits-defaults.ts';
import type { Config, GatewayLimits, Listen } from './model.ts';
import { resolveNetwork } from './network.ts';
import type { Settings } from './parse.ts';
import type { Report } from './report.ts';
import type { Sections } from './schema.ts';
import { readSecretFile } from './secret-file.ts';
import type { Path } from './source.ts';

/** Joins sections that have the right form into the Config, or reports why they do not fit together. */
export function compileConfig(settings: Settings, file: string, report: Report): Config | undefined {
  const { gateway, admin, stellar, deposits, storage, tokens, settlement, log } = settings.sections;
  const compiledGateway = gateway && compileGateway(gateway, report);
  const adminToken = admin && readSecret(['admin'], 'token', admin.token, admin.token_file, report);
  if (adminToken !== undefined && adminToken.length < catalogLimits.adminTokenCharsMin) {
    report.problems.push(
      report.source.problem(
        ['admin'],
        'has a token that is too short',
        `at least ${catalogLimits.adminTokenCharsMin} characters`,
      ),
    );
  }
  if (gateway && admin) checkListeners(gateway.listen, admin.listen, report);
  const compiledStellar = stellar && compileStellar(stellar, report);
  if (tokens && tokens.ttl > tokens.ttl_max) {
    report.problems.push(report.source.problem(['tokens', 'ttl'], 'is longer than tokens.ttl_max', 'a shorter life'));
  }
  const bodyBytesMax = gateway?.limits.body_bytes_max ?? 0;
  const { apis, routes } = compileApis(settings.apis, { bodyBytesMax, vault: stellar?.vault }, report);
  if (report.problems.length > 0) return undefined;
  if (!compiledGateway || adminToken === undefined || !admin || !compiledStellar || !deposits || !storage)
    return undefined;
  if (!tokens || !settlement || !log) return undefined;
  return {
    file,
    gateway: compiledGateway,
    admin: { listen: admin.listen, token: adminToken },
    stellar: compiledStellar,
    storage: {
      path: path.resolve(report.folder, storage.path),
      durability: storage.durability,
      walSyncIntervalMs: storage.wal_sync_interval,
    },
    tokens: { keysFile: path.resolve(report.folder, tokens.keys_file), ttlMs: tokens.ttl, ttlMaxMs: tokens.ttl_max },
    deposits: { pollIntervalMs: deposits.poll_interval },
    settlement: compileSettlement(settlement),
    log: { level: log.level },
    apis,
    routes,
  };
}

function compileGateway(gateway: Sections['gateway'], report: Report): Config['gateway'] {
  const publicUrl = gateway.public_url?.origin ?? defaultPublicUrl(gateway.listen, report);
  const { protocol, hostname } = new URL(publicUrl);
  if (protocol === 'http:' && !isLoopback(hostname)) {
    report.warnings.push(
      report.source.problem(['gateway', 'public_url'], 'is not https, so tokens travel in clear', 'an https URL'),
    );
  }
  return {
    listen: gateway.listen,
    publicUrl,
    limits: compileLimits(gateway.limits),
    corsOrigins: gateway.cors_origins,
    blockAddresses: gateway.block_addresses,
    allowAddresses: gateway.allow_addresses,
  };
}

function defaultPublicUrl({ host, port }: Listen, report: Report): string {
  const everywhere = host === '0.0.0.0' || host === '::';
  if (everywhere) {
    report.warnings.push(
      report.source.problem(
        ['gateway', 'public_url'],
        'is left out although the gateway listens on every address; tokens will name the loopback address as issuer',
        'the origin consumers use',
      ),
    );
  }
  const name = everywhere ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

function compileLimits(limits: Sections['gateway']['limits']): GatewayLimits {
  return {
    headBytesMax: limits.head_bytes_max,
    headFieldsMax: limits.head_fields_max,
    targetBytesMax: limits.target_bytes_max,
    tokenBytesMax: limits.token_bytes_max,
    bodyBytesMax: limits.body_bytes_max,
    headTimeoutMs: limits.head_timeout,
    bodyIdleTimeoutMs: limits.body_idle_timeout,
    requestsPerConnectionMax: limits.requests_per_connection_max,
    connectionsPerAddressMax: limits.connections_per_address_max,
    connectionsMax: limits.connections_max,
    callsPerAccountMax: limits.calls_per_account_max,
    verificationsMax: limits.verifications_max,
    drainTimeoutMs: limits.drain_timeout,
  };
}

function compileStellar(stellar: Sections['stellar'], report: Report): Config['stellar'] | undefined {
  const { source, problems, warnings } = report;
  const network = resolveNetwork(stellar.network);
  if (!network) {
    problems.push(source.problem(['stellar', 'network'], 'is not a known network', 'testnet | public | a passphrase'));
  }
  const secret = readSecret(
    ['stellar'],
    'operator_secret',
    stellar.operator_secret,
    stellar.operator_secret_file,
    report,
  );
  if (secret !== undefined && addressKind(secret) !== 'seed') {
    problems.push(source.problem(['stellar'], 'has an operator secret that is not a Stellar seed', 'an S… seed'));
  }
  if (stellar.rpc_url.protocol === 'http:' && !isLoopback(stellar.rpc_url.hostname)) {
    warnings.push(source.problem(['stellar', 'rpc_url'], 'is not https, so its answers can be forged', 'an https URL'));
  }
  if (!network || secret === undefined) return undefined;
  return {
    network: network.name,
    passphrase: network.passphrase,
    rpcUrl: stellar.rpc_url.href,
    horizonUrl: stellar.horizon_url?.href,
    vault: stellar.vault,
    operatorSecret: secret,
    feeMaxStroops: stellar.fee_max_stroops,
  };
}

function compileSettlement(settlement: Sections['settlement']): Config['settlement'] {
  return {
    intervalMs: settlement.interval,
    minTotalUnits: settlement.min_total,
    batchEntries: settlement.batch_entries,
    payoutMinUnits: settlement.payout_min,
    payoutIntervalMs: settlement.payout_interval,
    ageMaxMs: settlement.age_max,
    exposureMaxUnits: settlement.exposure_max,
    exposureAccountMaxUnits: settlement.exposure_account_max,
  };
}

/** A secret comes from `${NAME}` or from a file; exactly one of the two. */
function readSecret(
  section: Path,
  key: string,
  inline: string | undefined,
  file: string | undefined,
  report: Report,
): string | undefined {
  const { source, problems, warnings, folder } = report;
  const fileKey = `${key}_file`;
  if (inline !== undefined && file !== undefined) {
    problems.push(source.problem([...section, key], `stands beside ${fileKey}`, `only one of ${key} and ${fileKey}`));
    return undefined;
  }
  if (inline !== undefined) {
    if (usesEnvironment(source.spelling([...section, key]) ?? '')) return inline;
    problems.push(
      source.problem([...section, key], 'is written into the file', `"\${NAME}" from the environment, or ${fileKey}`),
    );
    return undefined;
  }
  if (file === undefined) {
    problems.push(source.problem([...section, fileKey], 'is missing', `${fileKey}, or ${key}: "\${NAME}"`));
    return undefined;
  }
  const found = readSecretFile(path.resolve(folder, file));
  if (!found.ok) {
    problems.push(source.problem([...section, fileKey], found.message, found.expected));
    return undefined;
  }
  if (found.warning) warnings.push(source.problem([...section, fileKey], found.warning, 'mode 0600'));
  return found.secret;
}

function checkListeners(gateway: Listen, admin: Listen, report: Report): void {
  const everywhere = (listen: Listen) => listen.host === '0.0.0.0' || listen.host === '::';
  if (gateway.port === 0 || gateway.port !== admin.port) return;
  if (gateway.host !== admin.host && !everywhere(gateway) && !everywhere(admin)) return;
  const line = report.source.line(['gateway', 'listen']);
  report.problems.push(
    report.source.problem(['admin', 'listen'], `is the same port as gateway.listen (line ${line})`, 'another port'),
  );
}

/** The names and addresses that never leave the machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.[0-9]{1,3}){3}$/.test(hostname);
}
