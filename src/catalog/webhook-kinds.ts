/** What the gateway tells webhooks of; docs/webhooks.md has a row for each. */
export const webhookKinds = [
  'balance.low',
  'settlement.confirmed',
  'settlement.shortfall',
  'settlement.halted',
  'watcher.lag',
  'invariant.broken',
] as const;

export type WebhookKind = (typeof webhookKinds)[number];
