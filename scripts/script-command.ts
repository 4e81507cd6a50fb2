import { Command, InvalidArgumentError } from 'commander';

/** A command of package.json: it tells with `--help` what it takes, and ends with 2 when it is given something else. */
export function scriptCommand(name: string, description: string): Command {
  return new Command(`npm run ${name} --`)
    .description(description)
    .showHelpAfterError('(--help lists the options)')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
}

/** A seed, or an amount. Throws `InvalidArgumentError` for anything but digits, and beyond 2^53 - 1. */
export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) throw new InvalidArgumentError('It is a whole number.');
  return number;
}

/** How many of something are to be played: none would show nothing, and look as if it had. */
export function countFromOne(text: string): number {
  const number = wholeNumber(text);
  if (number === 0) throw new InvalidArgumentError('It is 1 or more.');
  return number;
}

export function randomSeed(): number {
  return Math.floor(Math.random() * 1e9);
}
