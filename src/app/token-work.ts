import { issueToken } from '../access/issue.ts';
import { createSessions } from '../access/session.ts';
import { createVerifier } from '../access/verify.ts';
import { createTokenDesk } from '../admin/token-desk.ts';
import type { Config } from '../catalog/model.ts';
import type { Core } from './core.ts';
import { resolveAccount } from './resolve.ts';

/** Who may call: tokens with their revocations and caps as the database has them, and wallet sessions. */
export function joinTokenWork(
  config: Config,
  parts: Pick<Core, 'clock' | 'store' | 'facts' | 'keys' | 'ledger'>,
): Pick<Core, 'verifier' | 'sessions' | 'tokenDesk'> {
  const { clock, store, keys, ledger } = parts;
  const { sync } = store;
  const revoked = new Set<string>();
  for (const token of store.tokens.revokedOrCapped(clock.nowMs())) {
    if (token.revokedAtMs !== undefined) revoked.add(token.jti);
    if (token.cap !== undefined) ledger.openCap({ jti: token.jti, cap: token.cap, spent: token.spent });
  }
  const verifier = createVerifier({
    keys,
    issuer: config.gateway.publicUrl,
    audience: config.gateway.publicUrl,
    clock,
    isRevoked: (jti) => revoked.has(jti),
    refusedUntilMs: store.restored.tokensRefusedUntilMs(),
    tokenBytesMax: config.gateway.limits.tokenBytesMax,
    verificationsMax: config.gateway.limits.verificationsMax,
  });
  const sessions = createSessions({ keys, clock, issuer: config.gateway.publicUrl, ...config.gateway.limits });
  const tokenDesk = createTokenDesk({
    sign: (request) =>
      issueToken({ keys, clock, issuer: config.gateway.publicUrl, audience: config.gateway.publicUrl }, request),
    resolveAccount: (address) => resolveAccount(parts, address),
    tokens: store.tokens,
    ledger,
    forget(jti) {
      revoked.add(jti);
      verifier.forget(jti);
    },
    sync,
    clock,
  });
  return { verifier, sessions, tokenDesk };
}
