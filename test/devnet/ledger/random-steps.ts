import fc from 'fast-check';

/** Random lives of a few accounts: whatever becomes of their transactions, some things must hold. */

export const SETTLED = ['issuer', 'ann', 'ben', 'cat'] as const;
/** The last has no account in the beginning: it comes and goes, also at others' expense. */
export const NAMES = [...SETTLED, 'dan'] as const;
export type Name = (typeof NAMES)[number];

export type Step =
  | { kind: 'create'; to: Name; amount: string }
  | { kind: 'pay'; to: Name; asset: 'native' | 'usdc'; amount: string }
  | { kind: 'trust'; limit: string }
  | { kind: 'merge'; into: Name; who?: Name }
  | { kind: 'data'; name: string; value: string | null }
  | { kind: 'bump'; by: number }
  | { kind: 'signer'; who: Name; weight: number }
  | SponsoredStep
  | IssuerStep
  | { kind: 'path'; to: Name; asset: 'native' | 'usdc'; amount: string; strict: 'send' | 'receive' }
  | { kind: 'setAside'; to: readonly Name[]; asset: 'native' | 'usdc'; amount: string }
  | { kind: 'claim'; by: Name; which: number }
  | RevokeStep;
export type RevokeStep = { kind: 'revoke'; of: Name; entry: 'account' | 'line' | 'data' | 'balance'; which: number };
/** The sender keeps a reserve of another, who signs as well. */
export type SponsoredStep = {
  kind: 'sponsor';
  who: Name;
  what: 'account' | 'line' | 'data' | 'signer' | 'setAside' | 'revoke';
};
/** What the issuer does, whoever sends the transaction. */
export type IssuerStep =
  | { kind: 'flags' }
  | { kind: 'allow'; who: Name; authorize: 0 | 1 | 2 }
  | { kind: 'clawback'; from: Name; amount: string }
  | { kind: 'takeBack'; which: number };
export type Sent = { from: Name; steps: Step[]; fee: string };

const name = fc.constantFrom(...NAMES);
const amount = fc.oneof(fc.constantFrom('0.0000001', '1', '49.5', '1000'), fc.integer({ min: 1, max: 20 }).map(String));
const anAsset = fc.constantFrom('native' as const, 'usdc' as const);
const which = fc.nat({ max: 9 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('create' as const), to: name, amount }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('pay' as const),
      to: name,
      asset: fc.constantFrom('native' as const, 'usdc' as const),
      amount,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('trust' as const), limit: fc.constantFrom('0', '10', '1000000') }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('merge' as const), into: name }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('data' as const),
      name: fc.constantFrom('a', 'b'),
      value: fc.constantFrom('x', null),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('bump' as const), by: fc.integer({ min: -2, max: 3 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('signer' as const), who: name, weight: fc.integer({ min: 0, max: 1 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('sponsor' as const),
      who: name,
      what: fc.constantFrom('account', 'line', 'data', 'signer', 'setAside', 'revoke'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('flags' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('allow' as const), who: name, authorize: fc.constantFrom(0, 1, 1, 2) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('clawback' as const), from: name, amount }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('takeBack' as const), which }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('path' as const),
      to: name,
      asset: anAsset,
      amount,
      strict: fc.constantFrom('send', 'receive'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('setAside' as const),
      to: fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
      asset: anAsset,
      amount,
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('claim' as const), by: name, which }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('revoke' as const),
      of: name,
      entry: fc.constantFrom('account', 'line', 'data', 'balance'),
      which,
    }),
  },
);
export const sent: fc.Arbitrary<Sent> = fc.record({
  from: name,
  steps: fc.oneof({ weight: 2, arbitrary: step.map((one) => [one]) }, fc.array(step, { minLength: 2, maxLength: 3 })),
  fee: fc.constantFrom('100', '100', '100', '99', '10000'),
});

/** What takes several transactions, and which chance alone seldom brings about: others' reserves kept and given back. */
const sendOne = (from: Name, one: Step): Sent => ({ from, steps: [one], fee: '100' });
const story: fc.Arbitrary<Sent[]> = fc.oneof(
  fc
    .record({ host: name, heir: name })
    .map(({ host, heir }) => [
      sendOne(host, { kind: 'sponsor', who: 'dan', what: 'account' }),
      sendOne(host, { kind: 'merge', who: 'dan', into: heir }),
    ]),
  fc
    .record({ host: name, who: name, asset: anAsset, amount, which })
    .map(({ host, who, asset, amount, which }) => [
      sendOne(host, { kind: 'setAside', to: [who], asset, amount }),
      sendOne(who, { kind: 'claim', by: who, which }),
    ]),
  fc
    .record({ holder: name, amount, which })
    .map(({ holder, amount, which }) => [
      sendOne(holder, { kind: 'setAside', to: ['cat'], asset: 'usdc', amount }),
      sendOne(holder, { kind: 'clawback', from: holder, amount }),
      sendOne('issuer', { kind: 'takeBack', which }),
    ]),
);
export const chapter = fc.oneof({ weight: 4, arbitrary: sent.map((one) => [one]) }, { weight: 1, arbitrary: story });
export const life = fc.array(chapter, { minLength: 1, maxLength: 18, size: 'max' }).map((chapters) => chapters.flat());
