import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import { readObject, sendJson } from '../http-json.ts';
import type { Log } from '../log.ts';
import { AdminRefusal } from './admin-refusal.ts';
import { createLoginThrottle } from './login-throttle.ts';
import { createSessions, sessionIdleMs, sessionLifeMs } from './sessions.ts';

/** `/session`: the admin token, once, for a session (POST); the end of a session (DELETE). And who has one. */
export type SessionRequests = {
  answer(req: IncomingMessage, res: ServerResponse): Promise<void>;
  /** True when the request belongs to a live session: its cookie and its header agree. */
  accepts(headers: IncomingHttpHeaders): boolean;
};

export type SessionDeps = {
  isToken: (token: string) => boolean;
  clock: Clock;
  log: Log;
};

const cookieName = 'callora_admin';
export const proofHeader = 'x-callora-csrf';

export function createSessionRequests({ isToken, clock, log }: SessionDeps): SessionRequests {
  const sessions = createSessions({ clock });
  const throttle = createLoginThrottle({ clock });

  async function login(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await readObject(req, { bytesMax: 4_096, timeoutMs: 10_000, clock });
    if (!body.ok) throw new GatewayError(body.code, body.detail);
    // Behind the body, in one step with the count: or all that are sent at once would be let in by the same look.
    const address = req.socket.remoteAddress ?? '';
    const waitS = throttle.waitS(address);
    if (waitS !== undefined) {
      throw new AdminRefusal('rate_limited', `too many wrong tokens: try again in ${waitS} s`, {
        'retry-after': String(waitS),
      });
    }
    const { token } = body.fields;
    if (typeof token !== 'string' || !isToken(token)) {
      throttle.failed(address);
      log.warn({ address }, 'a login at the dashboard with a wrong admin token');
      throw new GatewayError('admin_token_invalid', 'this is not the content of the file at admin.token_file');
    }
    // Whoever planted a cookie before the login gains nothing: the session has a new id, and the old one is over.
    const held = cookieOf(req.headers);
    if (held !== undefined) sessions.end(held);
    const { id, proof } = sessions.open();
    log.info({ address }, 'somebody logged in at the dashboard');
    const limits = { idle_s: sessionIdleMs / 1000, life_s: sessionLifeMs / 1000 };
    sendJson(res, 200, { csrf: proof, ...limits }, { 'set-cookie': cookie(id, sessionLifeMs, req.headers) });
  }

  function logout(req: IncomingMessage, res: ServerResponse): void {
    const id = cookieOf(req.headers);
    if (id === undefined || !accepts(req.headers)) throw new GatewayError('admin_token_invalid', noSession);
    sessions.end(id);
    sendJson(res, 200, { ended: true }, { 'set-cookie': cookie('', 0, req.headers) });
  }

  /** A request that shows another credential stands or falls with that one. */
  function accepts(headers: IncomingHttpHeaders): boolean {
    if (headers.authorization !== undefined) return false;
    const proof = headers[proofHeader];
    return sessions.accepts(cookieOf(headers), typeof proof === 'string' ? proof : undefined);
  }

  return {
    accepts,
    async answer(req, res) {
      if (req.method === 'POST') return login(req, res);
      if (req.method === 'DELETE') return logout(req, res);
      throw new AdminRefusal('method_not_allowed', 'this path answers POST, DELETE', { allow: 'POST, DELETE' });
    },
  };
}

export const noSession: string =
  `the session is over, or the cookie came without its ${proofHeader} header: log in again, or send the admin token as a ` +
  'bearer token';

/**
 * The listener itself speaks plain HTTP, on a loopback address unless told otherwise: `Secure` would keep the cookie from
 * coming back there. Behind a TLS proxy the browser says `https` in the origin of the login, and then it is set.
 */
function cookie(value: string, lifeMs: number, { origin }: IncomingHttpHeaders): string {
  const secure = origin?.startsWith('https://') ? '; Secure' : '';
  return `${cookieName}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${lifeMs / 1000}${secure}`;
}

/** Undefined as well when the cookie stands there twice: one of them was planted. */
function cookieOf({ cookie: field }: IncomingHttpHeaders): string | undefined {
  const found = (field ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${cookieName}=`));
  return found.length === 1 ? found[0]?.slice(cookieName.length + 1) : undefined;
}
