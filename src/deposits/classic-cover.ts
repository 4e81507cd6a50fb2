import { subtract, type Units, zero } from '../money.ts';

/** Whether the deposit account holds what the books say lies in it. */
export type ClassicCover = { subject: string; books: Units; chain: Units; off: Units };

export type ClassicCoverDeps = {
  account: string;
  /** What the account holds on chain now. */
  balance: (signal?: AbortSignal) => Promise<Units>;
  /** What the books say lies in it. */
  held: () => Units;
};

/** A payment may arrive, or leave for the vault, between the two questions: only a difference that stays is one. */
const looks = 3;

/**
 * More on chain than in the books is no fault: dust, and what the operator keeps there. Less is: a payment that is due would
 * be forwarded out of what others have paid.
 */
export async function compareCover(deps: ClassicCoverDeps, signal?: AbortSignal): Promise<ClassicCover> {
  let cover = await look(deps, signal);
  for (let again = 1; again < looks && cover.off !== 0n; again++) cover = await look(deps, signal);
  return cover;
}

async function look({ account, balance, held }: ClassicCoverDeps, signal?: AbortSignal): Promise<ClassicCover> {
  const chain = await balance(signal);
  const books = held();
  return { subject: account, books, chain, off: chain < books ? subtract(chain, books) : zero };
}
