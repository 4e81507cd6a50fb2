/** Public ids of events and deliveries, told apart by how they begin. */
export function eventId(id: number): string {
  return `evt_${id}`;
}

export function deliveryId(id: number): string {
  return `dlv_${id}`;
}

export function readWebhookId(text: string): { event: number } | { delivery: number } | undefined {
  const match = /^(evt|dlv)_([1-9][0-9]{0,14})$/.exec(text);
  if (!match) return undefined;
  const id = Number(match[2]);
  return match[1] === 'evt' ? { event: id } : { delivery: id };
}
