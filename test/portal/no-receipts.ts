import type { PortalDeps } from '../../src/portal/portal.ts';

/** For portals whose test is not about receipts: there are none. */
export const noReceipts: Pick<PortalDeps, 'receipts' | 'rootChain'> = {
  receipts: {
    leaves: { ofCall: () => undefined, ownBetween: () => [] },
    batches: { byId: () => undefined, byNumber: () => undefined, lines: () => [] },
    trees: { of: async () => ({ ok: false, reason: 'changed' }) },
    key: { sign: async () => 'a.b.c' },
  },
  rootChain: { part: async () => undefined, lanes: async () => [] },
};
