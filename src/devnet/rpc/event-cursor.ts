import { eventId } from '../ledger/records.ts';
import { type Decoder, text, undecodable } from './decode-params.ts';

const INT64_MAX = 2n ** 63n - 1n;
const UINT32_MAX = 2n ** 32n - 1n;

export type EventCursor = {
  /** The event after which to go on, as event ids are written. */
  id: string;
  ledger: number;
};

/** `<TOID>-<index>`, with or without zeros before them. */
export const eventCursor: Decoder<EventCursor> = (value, place) => {
  const cursor = text(value, place);
  const [, position = '', index = ''] = /^(\d{1,19})-(\d{1,10})$/.exec(cursor) ?? [];
  if (position === '' || BigInt(position) > INT64_MAX || BigInt(index) > UINT32_MAX) {
    throw undecodable(`invalid event id ${cursor}`);
  }
  return { id: eventId(BigInt(position), Number(index)), ledger: Number(BigInt(position) >> 32n) };
};
