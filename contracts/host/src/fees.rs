//! What the resources of a transaction cost at the network's rates.

use soroban_env_host::fees::{compute_transaction_resource_fee, TransactionResources};

use crate::frames::{status, Answer, Reader, Writer};
use crate::ledger::{settings, Lookup};

/// Request: `u32` instructions, disk read entries, write entries, disk read
/// bytes, write bytes, bytes of events and return value, bytes of the envelope.
///
/// Answer: `OK`, `i64` non-refundable stroops, `i64` refundable stroops (events
/// only: rent, also refundable, comes with an invocation's answer).
pub fn resource_fee(request: &[u8], lookup: Lookup) -> Answer {
    let settings = settings(lookup)?;
    let mut frame = Reader::new(request);
    let resources = TransactionResources {
        instructions: frame.u32()?,
        disk_read_entries: frame.u32()?,
        write_entries: frame.u32()?,
        disk_read_bytes: frame.u32()?,
        write_bytes: frame.u32()?,
        contract_events_size_bytes: frame.u32()?,
        transaction_size_bytes: frame.u32()?,
    };
    frame.end()?;
    let (non_refundable, refundable) =
        compute_transaction_resource_fee(&resources, &settings.fee_configuration);
    let mut frame = Writer::default();
    frame.u32(status::OK);
    frame.i64(non_refundable);
    frame.i64(refundable);
    Ok(frame.finish())
}
