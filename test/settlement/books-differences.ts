import { type BooksCheckDeps, booksSteps } from '../../src/settlement/books-check.ts';

/** The check of the books with nothing between its steps. */
export function booksDifferences(accounts: BooksCheckDeps['accounts'], ledger: BooksCheckDeps['ledger']): string[] {
  const steps = booksSteps({ accounts, ledger });
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
