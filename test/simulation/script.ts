/** Commands in their order; the chances in them fall as the seed says. */
export type Script = { seed: number; commands: readonly string[] };

/** A short life in which everything happens once that the gateway writes down or asks the network for. */
export const lifeScript: Script = {
  seed: 7,
  commands: inOrder(`
    watch, settle, deposit, watch,
    call, call, capped call, call, call, head, head, end, end, no head, end,
    exit asked, exit sent, watch,
    settle, ledger, settle, watch,
    call, call, head, head, end, end, ledger, settle, settle,
    pay out, ledger, pay out,
    request withdrawal, watch, settle, restart, call, head, end, withdraw, watch, settle`),
};

/** A copy, a life beyond it, and its loss with a batch on the way; then the way back, and a second one. */
export const lossScript: Script = {
  seed: 11,
  commands: inOrder(`
    watch, call, call, call, capped call, head, head, head, end, end, settle, ledger, settle,
    call, call, head, head, end, backup in flight, exit asked, call, call, head, head, end, end, end,
    restore in flight, watch, exit sent, settle, ledger, watch, deposit, wait of a restore, settle, settle,
    capped call, call, head, head, end, end, settle, ledger, settle, pay out, backup, call, head,
    database deleted, watch, ledger, wait of a restore, settle,
    call, call, call, call, head, head, head, end, end, end, settle, ledger, settle`),
};

/** Payments from wallets on their way into the vault, also over the loss of the database. */
export const classicScript: Script = {
  seed: 2,
  commands: inOrder(`
    watch, settle, classic payment, classic payment, classic watch, classic forward, watch, classic payment, classic watch,
    backup, congestion, classic forward, classic assigned, classic payment, classic watch, classic forward, ledger,
    congestion ends, classic forward, watch, restore, watch, classic watch, classic forward, classic assigned,
    wait of a restore, classic payment, classic watch, classic forward, database deleted, classic watch, watch,
    classic watch, classic forward, wait of a restore, classic watch, classic forward, watch, call, head, end`),
};

/** By the name that `npm run simulate -- --faults` takes. */
export const scripts = { life: lifeScript, classic: classicScript, loss: lossScript };

function inOrder(commands: string): string[] {
  return commands.trim().split(/,\s+/);
}
