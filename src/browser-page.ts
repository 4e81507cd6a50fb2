import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Assets } from './assets.ts';
import { type Headers, sendError } from './http-json.ts';

/**
 * Serves one built page under a path of a listener. The page may load and call its own origin only, run no inline code,
 * and stand in no frame; so a text that slips into it unescaped still cannot run, send or load anything.
 */
export type PageOptions = {
  assets: Assets;
  /** Folder of the page among the assets. */
  name: string;
  /** Where it is served, without a slash at the end: `/dashboard`. */
  base: string;
};

/** Answers and returns true when `path` (canonical, without query) is the page's. */
export type PageHandler = (req: IncomingMessage, res: ServerResponse, path: string) => boolean;

const guards: Headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** Names under here carry a hash of their content: what a browser has once never changes. */
const hashedFolder = 'assets/';

const notBuilt =
  'This page is not built. In a checkout, run: npm run build:pages\n' +
  'All else works without it; the command line does what the page does.\n';

export function createPage({ assets, name, base }: PageOptions): PageHandler {
  return (req, res, path) => {
    if (path !== base && !path.startsWith(`${base}/`)) return false;
    for (const [header, value] of Object.entries(guards)) res.setHeader(header, value);
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      sendError(res, 'method_not_allowed', 'a page answers GET and HEAD', { allow: 'GET, HEAD', connection: 'close' });
    } else if (path === base) {
      // Without the slash the page's relative addresses would point beside it.
      res.writeHead(308, { location: `${base}/`, 'cache-control': 'no-cache', 'content-length': 0 }).end();
    } else {
      sendFile(assets, name, path.slice(base.length + 1) || 'index.html', req, res);
    }
    return true;
  };
}

function sendFile(assets: Assets, name: string, file: string, req: IncomingMessage, res: ServerResponse): void {
  const asset = assets.read(`${name}/${file}`);
  if (!asset && file !== 'index.html') {
    sendError(res, 'not_found', 'this page has no such file');
    return;
  }
  if (!asset) {
    res.writeHead(503, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
    res.end(notBuilt);
    return;
  }
  const cacheControl = file.startsWith(hashedFolder) ? 'public, max-age=31536000, immutable' : 'no-cache';
  const headers = { etag: asset.etag, 'cache-control': cacheControl };
  if (req.headers['if-none-match'] === asset.etag) {
    res.writeHead(304, headers).end();
    return;
  }
  res.writeHead(200, { ...headers, 'content-type': asset.contentType, 'content-length': asset.bytes.length });
  res.end(asset.bytes);
}
