import { existsSync } from 'node:fs';
import path from 'node:path';
import { checkChargeOn } from './check-charge-on.ts';
import { checkUpstream } from './check-upstream.ts';
import { listenText } from './listen-text.ts';
import { isLoopback } from './loopback.ts';
import type { Listen } from './model.ts';
import type { ApiDraft, RouteDraft, Settings } from './parse.ts';
import type { Report } from './report.ts';
import { needsEncodedSlash, reservedBy, shapeOf } from './route-grammar.ts';
import { fieldName, type Path } from './source.ts';

/** The longest `<home domain> auth` a login challenge can hold is 64 bytes. */
const hostCharsMax = 59;

/** What no key can be judged for alone: collisions, prices that inherit, values that must fit each other. */
export function checkTogether(settings: Settings, report: Report): void {
  checkListeners(settings, report);
  checkAdmin(settings, report);
  checkUrls(settings, report);
  checkProxies(settings, report);
  checkTokens(settings, report);
  checkDeposits(settings, report);
  const endpoints = new Map<string, Path>();
  for (const { settings: webhook, path } of settings.webhooks) {
    checkUnique(endpoints, webhook.name, [...path, 'name'], report);
    if (webhook.url?.protocol === 'http:' && webhook.allow_private !== true) {
      const expected = 'an https URL, or allow_private: true for a receiver on your own network';
      report.problems.push(report.source.problem([...path, 'url'], 'is not https', expected));
    }
  }
  const names = new Map<string, Path>();
  const mounts = new Map<string, Path>();
  for (const api of settings.apis) {
    checkUnique(names, api.settings.name, [...api.path, 'name'], report);
    checkUnique(mounts, api.settings.mount, [...api.path, 'mount'], report);
    checkUpstream(api, report);
    checkChargeOn(api, report);
    checkApi(api, settings.sections.stellar.vault, report);
  }
}

function checkListeners({ sections }: Settings, { source, problems }: Report): void {
  const gateway = sections.gateway.listen;
  const admin = sections.admin.listen;
  if (!gateway || !admin || gateway.port === 0 || gateway.port !== admin.port) return;
  if (gateway.host !== admin.host && !isEverywhere(gateway) && !isEverywhere(admin)) return;
  const line = source.line(['gateway', 'listen']);
  const message = `is the same port as gateway.listen on line ${line}`;
  problems.push(source.problem(['admin', 'listen'], message, 'another port'));
}

/** It speaks plain HTTP, and its token may do all that the operator may. */
function checkAdmin({ sections }: Settings, { source, problems }: Report): void {
  const { listen, insecure_listen: isMeant } = sections.admin;
  if (!listen || isMeant || isLoopback(listen.host)) return;
  const message = `is ${listenText(listen)}, where other machines reach it, and it speaks plain HTTP`;
  const expected =
    'a loopback address such as 127.0.0.1:8403, or insecure_listen: true beside it where the network is guarded';
  problems.push(source.problem(['admin', 'listen'], message, expected));
}

function checkUrls({ sections }: Settings, { source, problems, warnings }: Report): void {
  const { listen, public_url: publicUrl } = sections.gateway;
  const at = ['gateway', 'public_url'];
  if (publicUrl && publicUrl.host.length > hostCharsMax) {
    problems.push(source.problem(at, 'has a host too long for wallet login', `at most ${hostCharsMax} characters`));
  }
  if (publicUrl?.protocol === 'http:' && !isLoopback(publicUrl.hostname)) {
    warnings.push(source.problem(at, 'is not https, so tokens travel in clear', 'an https URL'));
  }
  if (publicUrl?.protocol === 'http:' && sections.gateway.tls) {
    warnings.push(source.problem(at, 'is not https, but gateway.tls is set', 'the https origin consumers use'));
  }
  const pagesUrl = sections.gateway.pages_url;
  if (pagesUrl && (!publicUrl || pagesUrl.hostname === publicUrl.hostname)) {
    const message = publicUrl ? 'has the host of public_url' : 'stands without public_url';
    const expected = 'another host than that of public_url, which both have to be named';
    problems.push(source.problem(['gateway', 'pages_url'], message, expected));
  }
  if (!publicUrl && listen && isEverywhere(listen)) {
    const message = 'is left out while the gateway listens everywhere, so tokens name the loopback address as issuer';
    warnings.push(source.problem(at, message, 'the origin consumers use'));
  }
  for (const key of ['rpc_url', 'second_rpc_url'] as const) {
    const server = sections.stellar[key];
    if (server?.protocol !== 'http:' || isLoopback(server.hostname)) continue;
    warnings.push(source.problem(['stellar', key], 'is not https, so answers can be forged', 'an https URL'));
  }
}

/** Whoever is trusted names the address that lists and rates go by, so nobody can be trusted to be everyone. */
function checkProxies({ sections }: Settings, { source, problems }: Report): void {
  for (const [index, range] of (sections.gateway.trusted_proxies ?? []).entries()) {
    if (!range.endsWith('/0')) continue;
    const message = 'is everyone, so every client could choose the address it is seen under';
    problems.push(source.problem(['gateway', 'trusted_proxies', index], message, 'the addresses of your proxies'));
  }
}

/** Payments to the classic account are seen through Horizon. */
function checkDeposits({ sections }: Settings, { source, problems }: Report): void {
  if (!sections.deposits.classic || sections.stellar.horizon_url) return;
  const field = 'stellar.horizon_url';
  if (problems.some((problem) => problem.field === field)) return;
  problems.push(
    source.problem(
      ['stellar', 'horizon_url'],
      'is missing, and deposits.classic needs it',
      'the URL of a Horizon server',
    ),
  );
}

function checkTokens({ sections }: Settings, { source, problems, folder }: Report): void {
  const { ttl, ttl_max: ttlMax, keys_file: keysFile } = sections.tokens;
  if (ttl !== undefined && ttlMax !== undefined && ttl > ttlMax) {
    problems.push(source.problem(['tokens', 'ttl'], 'is longer than tokens.ttl_max', 'a shorter life'));
  }
  if (keysFile !== undefined && !existsSync(path.resolve(folder, keysFile))) {
    const message = `names ${path.resolve(folder, keysFile)}, which does not exist`;
    problems.push(source.problem(['tokens', 'keys_file'], message, 'the JWKS file that `callora init` makes'));
  }
}

function checkUnique(seen: Map<string, Path>, value: string | undefined, at: Path, report: Report): void {
  if (value === undefined) return;
  const other = seen.get(value);
  if (!other) {
    seen.set(value, at);
    return;
  }
  const { source, problems } = report;
  const lines = `line ${source.line(other)} and line ${source.line(at)} are both ${value}`;
  problems.push(source.problem(at, `collides: ${lines}`, `a ${at.at(-1)} of its own`));
}

function checkApi(api: ApiDraft, vault: string | undefined, report: Report): void {
  const { source, problems } = report;
  const { payee, price, rate, rates } = api.settings;
  if (rate && rates?.account) {
    const message = 'says the same as rates.account, which is there too';
    problems.push(source.problem([...api.path, 'rate'], message, 'one of the two'));
  }
  if (payee !== undefined && payee === vault) {
    problems.push(source.problem([...api.path, 'payee'], 'is the vault itself', "the API owner's own address"));
  }
  const { cors } = api.settings;
  if (cors?.credentials && cors.origins === '*') {
    const expected = 'a list of origins: with cookies, any page could act in a visitor’s name';
    problems.push(source.problem([...api.path, 'cors', 'origins'], "is '*' beside credentials", expected));
  }
  const hasProblem = problems.some(({ field }) => field.startsWith(`apis[${api.path[1]}].`));
  if (price === undefined && api.routes.length === 0 && !hasProblem) {
    problems.push(source.problem(api.path, 'sells nothing', 'a price, or routes with prices'));
  }
  const shapes = new Map<string, Path>();
  for (const route of api.routes) {
    const shape = route.settings.match && shapeOf(route.settings.match);
    checkUnique(shapes, shape, [...route.path, 'match'], report);
    checkRoute(route, api, report);
  }
}

function checkRoute({ settings, path: at }: RouteDraft, api: ApiDraft, report: Report): void {
  const { source, problems } = report;
  const { match, auth } = settings;
  const { mount } = api.settings;
  if (match && mount !== undefined) {
    const reserved = reservedBy(`${mount === '/' ? '' : mount}${match.path}`);
    if (reserved) problems.push(source.problem([...at, 'match'], `is under ${reserved}`, 'a path that can be sold'));
  }
  if (match && api.settings.encoded_slash === false && needsEncodedSlash(match)) {
    const expected = 'encoded_slash: true on the API';
    problems.push(source.problem([...at, 'match'], 'has %2F, which this API does not allow', expected));
  }
  if (settings.websocket) {
    checkSocket({ settings, path: at }, report);
    return;
  }
  if (problems.some(({ field }) => field.startsWith(`${fieldName(at)}.websocket`))) return;
  const isBroken = (field: string) => problems.some((problem) => problem.field === field);
  if (isBroken(`${fieldName(at)}.price`) || isBroken(`${fieldName(api.path)}.price`)) return;
  const price = settings.price ?? api.settings.price;
  if (price === undefined) {
    problems.push(source.problem([...at, 'price'], 'is missing, and the API has no price', 'a price such as "0.002"'));
  } else if (auth === 'none' && price > 0n) {
    const expected = 'price: "0", or auth: token';
    problems.push(source.problem([...at, 'auth'], 'is none although the route has a price', expected));
  }
}

/** What a WebSocket route has to do without, and why. */
const notOfSockets = {
  price: 'the price stands under websocket, and calls without an upgrade are answered with 426',
  charge_on: 'a connection, message or minute has no status to be charged by',
  body_bytes_max: 'the length of messages is gateway.limits.websocket_message_bytes_max',
  cacheable: 'nothing of a WebSocket can be kept in a cache',
} as const;

function checkSocket({ settings, path: at }: RouteDraft, { source, problems }: Report): void {
  const { match, auth, websocket } = settings;
  if (match && match.method !== 'GET') {
    const expected = `GET ${match.path}: a WebSocket opens with a GET`;
    problems.push(source.problem([...at, 'match'], `is ${match.method} although the route has websocket`, expected));
  }
  for (const [key, reason] of Object.entries(notOfSockets)) {
    if (settings[key as keyof typeof notOfSockets] === undefined) continue;
    problems.push(source.problem([...at, key], 'stands beside websocket', `no ${key}: ${reason}`));
  }
  if (auth === 'none' && websocket !== undefined && websocket.price > 0n) {
    const expected = 'websocket: { price: "0", … }, or auth: token';
    problems.push(source.problem([...at, 'auth'], 'is none although the route has a price', expected));
  }
}

function isEverywhere(listen: Listen): boolean {
  return listen.host === '0.0.0.0' || listen.host === '::';
}
