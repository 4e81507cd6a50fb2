import type { Ledger } from '../billing/ledger.ts';
import { addressKind } from '../catalog/address.ts';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import { type Units, zero } from '../money.ts';
import type { Tokens } from '../store/tokens.ts';

/**
 * The one place where tokens come into being and end, for operators and for wallet login alike: a token is on disk
 * before its text is handed out, and a revocation binds the running gateway before it is confirmed.
 */
export type TokenDesk = {
  issue(request: NewTokenRequest): Promise<{ token: string; jti: string; expiresAtMs: number }>;
  /** `already` when it was revoked before; throws `not_found` for a token this gateway never issued. */
  revoke(jti: string): Promise<'revoked' | 'already'>;
};

export type NewTokenRequest = {
  account: string;
  scope: string[] | '*';
  ttlMs: number;
  cap?: Units | undefined;
  source: 'wallet' | 'operator';
  label?: string | undefined;
  /** Refuses the request when the account has so many tokens that are still good. */
  liveMax?: number;
};

export type TokenDeskDeps = {
  /** Signs a token; nothing else. */
  sign(request: { account: string; scope: string[] | '*'; ttlMs: number; cap?: Units }): Promise<{
    token: string;
    jti: string;
    expiresAtMs: number;
  }>;
  /** Id of the account's slot; makes the account when it is seen for the first time. */
  resolveAccount(address: string): { id: number };
  tokens: Pick<Tokens, 'add' | 'revoke' | 'get' | 'countLive'>;
  ledger: Pick<Ledger, 'openCap'>;
  /** Makes the running gateway refuse the token from the next call on. */
  forget(jti: string): void;
  sync(): Promise<void>;
  clock: Clock;
};

export function createTokenDesk(deps: TokenDeskDeps): TokenDesk {
  return {
    async issue({ account, scope, ttlMs, cap, source, label, liveMax }) {
      const kind = addressKind(account);
      if (kind !== 'account' && kind !== 'contract') {
        throw new GatewayError('bad_parameter', 'account must be a G… or C… address');
      }
      const issuedAtMs = deps.clock.nowMs();
      const signed = await deps.sign({ account, scope, ttlMs, ...(cap === undefined ? {} : { cap }) });
      const accountId = deps.resolveAccount(account).id;
      const { jti, expiresAtMs } = signed;
      // In one turn with the row, so that two requests at once cannot both be the last.
      if (liveMax !== undefined && deps.tokens.countLive(accountId, issuedAtMs) >= liveMax) {
        throw new GatewayError('conflict', `the account has ${liveMax} live tokens; revoke some or let them expire`);
      }
      const words = scope === '*' ? '*' : scope.join(' ');
      deps.tokens.add({ jti, accountId, scope: words, issuedAtMs, expiresAtMs, cap, source, label });
      if (cap !== undefined) deps.ledger.openCap({ jti, cap, spent: zero });
      await deps.sync();
      return signed;
    },
    async revoke(jti) {
      const known = deps.tokens.get(jti);
      if (!known) throw new GatewayError('not_found', `no token ${jti} was issued here; see \`callora token list\``);
      const changed = deps.tokens.revoke(jti, deps.clock.nowMs());
      deps.forget(jti);
      await deps.sync();
      return changed ? 'revoked' : 'already';
    },
  };
}
