import { readBearer } from '../access/bearer.ts';
import type { Session, Sessions } from '../access/session.ts';
import type { Verified, Verifier } from '../access/verify.ts';
import type { Config } from '../catalog/model.ts';
import { type ErrorCode, errorTable } from '../errors.ts';
import { PortalRefusal } from './refusal.ts';

/** Who asks, and what the credential may see and do here. */
export type CredentialDeps = {
  config: () => Config;
  verifier: Pick<Verifier, 'cached' | 'verify'>;
  sessions: Pick<Sessions, 'verify'>;
};

/** May look, and nothing else: an access token within its scope, or a wallet session, which sees all of its account. */
export type Reader = {
  account: string;
  scopes: ReadonlySet<string> | '*';
  /** The access token that was shown; a session is none. */
  token?: Verified;
};

export async function requireReader(deps: CredentialDeps, rawHeaders: readonly string[]): Promise<Reader> {
  const refuse = (code: ErrorCode, detail?: string) => refusal(deps, code, detail);
  const bearer = readBearer(rawHeaders);
  if (!bearer.ok) throw refuse(bearer.reason);
  const cached = deps.verifier.cached(bearer.token);
  if (cached) return readerOf(cached);
  const verified = await deps.verifier.verify(bearer.token);
  if (verified.ok) return readerOf(verified.token);
  if (verified.reason !== 'token_invalid') throw refuse(verified.reason);
  const session = await deps.sessions.verify(bearer.token);
  if (session.ok) return { account: session.session.account, scopes: '*' };
  if (session.reason === 'not_a_session') throw refuse('token_invalid');
  throw session.reason === 'expired' ? refuse('session_required', sessionEnded) : refuse('overloaded');
}

/**
 * For what only the account's own key may do. An access token is refused however wide its scope: it lies in scripts and
 * configuration files, and whoever finds one must not be able to widen it or to move the balance.
 */
export async function requireSession(
  deps: Pick<CredentialDeps, 'config' | 'sessions'>,
  rawHeaders: readonly string[],
): Promise<Session> {
  const refuse = (code: ErrorCode, detail?: string) => refusal(deps, code, detail);
  const bearer = readBearer(rawHeaders);
  if (!bearer.ok) throw refuse('session_required');
  const verified = await deps.sessions.verify(bearer.token);
  if (verified.ok) return verified.session;
  if (verified.reason === 'overloaded') throw refuse('overloaded');
  const expired = verified.reason === 'expired';
  throw refuse('session_required', expired ? sessionEnded : 'an access token is no wallet session');
}

const sessionEnded = 'this session has ended';

function readerOf(token: Verified): Reader {
  return { account: token.account, scopes: token.scopes, token };
}

function refusal({ config }: Pick<CredentialDeps, 'config'>, code: ErrorCode, detail?: string): PortalRefusal {
  return new PortalRefusal(code, detail, challengeHeaders(code, config().gateway.publicUrl));
}

/** RFC 6750 and 9728; no `error` when no credential was sent. Overload is no fault of the token. */
function challengeHeaders(code: ErrorCode, publicUrl: string): Record<string, string> {
  const [status, title] = errorTable[code];
  if (status !== 401) return { 'retry-after': '1' };
  const error = code === 'token_missing' ? '' : ` error="invalid_token", error_description="${title}",`;
  const metadata = `resource_metadata="${publicUrl}/.well-known/oauth-protected-resource"`;
  return { 'www-authenticate': `Bearer realm="${publicUrl}",${error} ${metadata}` };
}
