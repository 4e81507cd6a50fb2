import type { RawDb, Write } from './raw-db.ts';

/** Signed envelopes that move a payment into the vault. Await `store.sync()` after `record` before the first send. */
export type ClassicForwards = {
  /** Keeps a signed envelope; from then on its payment may have landed. */
  record(paymentId: number, envelope: ForwardEnvelope): void;
  /** The envelope that may still land. */
  live(paymentId: number): ForwardEnvelope | undefined;
  /** Ends a live envelope; one that can no longer land leaves its payment due again. */
  end(paymentId: number, hash: string, state: 'landed' | 'failed' | 'expired'): void;
  /** Envelopes of this payment that failed on chain: each has cost a fee. */
  failures(paymentId: number): number;
};

export type ForwardEnvelope = {
  hash: string;
  envelopeXdr: string;
  sequence: bigint;
  maxTimeS: number;
  createdAtMs: number;
};

export function createClassicForwards(db: RawDb, write: Write): ClassicForwards {
  const insert = db.prepare(
    `INSERT INTO classic_forwards (hash, payment_id, envelope_xdr, sequence, max_time_s, created_at_ms, state)
     VALUES ($hash, $paymentId, $envelopeXdr, $sequence, $maxTimeS, $createdAtMs, 'live')`,
  );
  const setState = db.prepare('UPDATE classic_payments SET state = ?, forward_tx_hash = ? WHERE id = ? AND state = ?');
  const end = db.prepare("UPDATE classic_forwards SET state = ? WHERE hash = ? AND state = 'live'");
  const live = db.prepare<[number], Omit<ForwardEnvelope, 'sequence'> & { sequence: string }>(
    `SELECT hash, envelope_xdr AS envelopeXdr, sequence, max_time_s AS maxTimeS, created_at_ms AS createdAtMs
     FROM classic_forwards WHERE payment_id = ? AND state = 'live'`,
  );
  const failures = db
    .prepare<[number], number>("SELECT COUNT(*) FROM classic_forwards WHERE payment_id = ? AND state = 'failed'")
    .pluck();
  return {
    record(paymentId, { sequence, ...envelope }) {
      write(() => {
        insert.run({ paymentId, ...envelope, sequence: String(sequence) });
        if (setState.run('sent', envelope.hash, paymentId, 'due').changes !== 1) {
          throw new Error(`payment ${paymentId} is not due: it must not be sent`);
        }
      });
    },
    live(paymentId) {
      const found = live.get(paymentId);
      return found && { ...found, sequence: BigInt(found.sequence) };
    },
    end(paymentId, hash, state) {
      write(() => {
        end.run(state, hash);
        if (state === 'landed') setState.run('forwarded', hash, paymentId, 'sent');
        else setState.run('due', null, paymentId, 'sent');
      });
    },
    failures: (paymentId) => failures.get(paymentId) ?? 0,
  };
}
