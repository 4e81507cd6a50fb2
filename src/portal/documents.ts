import type { IncomingMessage } from 'node:http';
import type { Config } from '../catalog/model.ts';
import { type Headers, sendJson, sendText } from '../http-json.ts';
import type { RateLimiter } from '../limits/rate.ts';
import { isErrorCode } from './error-help.ts';
import { errorPage } from './error-page.ts';
import { llmsText } from './llms-text.ts';
import { openApi } from './openapi.ts';
import { publishedRoots, type RootsDeps } from './published-roots.ts';
import { publicFor5Minutes, type Resource } from './resource.ts';
import { type ChainFacts, catalogView, serviceView } from './service.ts';
import { authorizationServer, protectedResource, stellarToml } from './well-known.ts';

/** What anyone may read: the gateway, its prices, its keys, its roots, its errors. */
export type DocumentsDeps = Pick<RootsDeps, 'rootChain'> & {
  /** The catalog in force: it changes with a reload. */
  config: () => Config;
  chain: () => ChainFacts;
  classic?: { address: string } | undefined;
  /** G… address of the key that signs challenges. */
  loginAddress: string;
  /** The public half of the token keys, as a JWKS object. */
  jwks: () => unknown;
  version: string;
};

export function documents(deps: DocumentsDeps & { limiter: RateLimiter }): [path: string, resource: Resource][] {
  const { config, version } = deps;
  const service = serviceAt(deps);
  return [
    ['/_callora', service],
    ['/_callora/', service],
    ['/_callora/catalog', jsonOf(config, catalogView, { 'cache-control': 'public, max-age=60' })],
    ['/_callora/openapi.json', jsonOf(config, (now) => openApi(now, version))],
    ['/_callora/llms.txt', textOf(config, llmsText)],
    [
      '/_callora/roots',
      {
        GET: async ({ res, query, address }) => {
          const { body, headers } = await publishedRoots(deps, query, address);
          sendJson(res, 200, body, headers);
        },
      },
    ],
    ['/.well-known/jwks.json', { GET: ({ res }) => sendJson(res, 200, deps.jwks(), publicFor5Minutes) }],
    ['/.well-known/oauth-protected-resource', jsonOf(config, protectedResource)],
    ['/.well-known/oauth-authorization-server', jsonOf(config, authorizationServer)],
    [
      '/.well-known/stellar.toml',
      {
        GET({ res }) {
          const accounts = deps.classic ? [deps.classic.address] : [];
          const text = stellarToml(config(), { signingKey: deps.loginAddress, accounts, ...deps.chain() });
          sendText(res, 200, 'text/plain; charset=utf-8', text, publicFor5Minutes);
        },
      },
    ],
  ];
}

/** `/_callora/errors/{code}`, which the `type` of every problem points at. */
export function errorDocument(code: string): Resource | undefined {
  if (!isErrorCode(code)) return undefined;
  const page = errorPage(code);
  const headers = { ...publicFor5Minutes, vary: 'accept' };
  return {
    GET({ req, res }) {
      if (wantsHtml(req)) sendText(res, 200, 'text/html; charset=utf-8', page.html, headers);
      else sendJson(res, 200, page.json, headers);
    },
  };
}

/** JSON for programs; browsers are led to the page for people. */
function serviceAt({ config, version }: DocumentsDeps): Resource {
  const headers = { ...publicFor5Minutes, vary: 'accept' };
  return {
    GET({ req, res }) {
      if (!wantsHtml(req)) return sendJson(res, 200, serviceView(config(), version), headers);
      res.writeHead(303, { ...headers, location: '/_callora/app/', 'content-length': 0 }).end();
    },
  };
}

/** Browsers name it; programs and curl take anything. */
function wantsHtml(req: IncomingMessage): boolean {
  return req.headers.accept?.includes('text/html') ?? false;
}

function jsonOf(config: () => Config, view: (config: Config) => unknown, headers = publicFor5Minutes): Resource {
  return textOf(config, (now) => `${JSON.stringify(view(now))}\n`, 'application/json', headers);
}

/** Written once per catalog: a large one takes milliseconds, which belong to paid calls. */
function textOf(
  config: () => Config,
  write: (config: Config) => string,
  type = 'text/plain; charset=utf-8',
  headers: Headers = publicFor5Minutes,
): Resource {
  let of: Config | undefined;
  let text = '';
  return {
    GET({ res }) {
      const now = config();
      if (of !== now) text = write(now);
      of = now;
      sendText(res, 200, type, text, headers);
    },
  };
}
