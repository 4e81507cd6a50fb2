import { duration } from './words.ts';

export type Life = { seconds: number; name: string };

const usual: Life[] = [3_600, 86_400, 7 * 86_400, 30 * 86_400, 90 * 86_400].map(lifeOf);

/** The lives one may choose for a token: what the gateway allows of the usual ones, or else just its longest. */
export function tokenLives(maxS: number): [Life, ...Life[]] {
  const [first = lifeOf(maxS), ...others] = usual.filter(({ seconds }) => seconds <= maxS);
  return [first, ...others];
}

/** The wish as far as it is on offer, so that the form never sends what it does not show. */
export function offeredLife(lives: [Life, ...Life[]], wishedS: number): number {
  return (lives.findLast(({ seconds }) => seconds <= wishedS) ?? lives[0]).seconds;
}

function lifeOf(seconds: number): Life {
  return { seconds, name: duration(seconds) };
}
