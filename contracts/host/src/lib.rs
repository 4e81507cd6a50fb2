//! The Soroban host as a byte-in, byte-out module.
//!
//! The embedded network (`src/devnet/`) is written in TypeScript and owns the
//! ledger; what a contract does with that ledger is decided here, by the same
//! code the real network runs. A request is one frame of little-endian fields
//! and length-prefixed XDR (see [`frames`]), an answer is another; ledger
//! entries are fetched one by one through a callback while the host runs.
//!
//! | room | what it holds |
//! |---|---|
//! | [`frames`] | reading requests, writing answers, the [`frames::Refusal`] |
//! | [`ledger`] | look-ups, ledger header fields, cached network settings |
//! | [`simulate`] | `simulateTransaction` for a host function |
//! | [`invoke`] | applying a host function within its declared footprint |
//! | [`ttl`] | extending and restoring: simulated and applied |
//! | [`fees`] | what a transaction's resources cost |
//! | `abi` | the WebAssembly exports, the only unsafe code |

pub mod fees;
pub mod frames;
pub mod invoke;
pub mod ledger;
mod modules;
pub mod simulate;
pub mod ttl;

#[cfg(target_family = "wasm")]
mod abi;

use frames::{Answer, Writer};
use ledger::Lookup;

/// What a request asks for. The numbers are the module's own, not the network's.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    Simulate,
    Invoke,
    SimulateExtendTtl,
    SimulateRestore,
    ExtendTtl,
    Restore,
    ResourceFee,
}

impl Operation {
    pub const ALL: [Operation; 7] = [
        Operation::Simulate,
        Operation::Invoke,
        Operation::SimulateExtendTtl,
        Operation::SimulateRestore,
        Operation::ExtendTtl,
        Operation::Restore,
        Operation::ResourceFee,
    ];
}

/// Answers one request. A request that cannot be read, or a ledger without
/// usable network settings, gets a refusal frame; malformed bytes never panic.
pub fn answer(operation: Operation, request: &[u8], lookup: Lookup) -> Vec<u8> {
    let answer: Answer = match operation {
        Operation::Simulate => simulate::simulate(request, lookup),
        Operation::Invoke => invoke::invoke(request, lookup),
        Operation::SimulateExtendTtl => ttl::simulate_extend(request, lookup),
        Operation::SimulateRestore => ttl::simulate_restore(request, lookup),
        Operation::ExtendTtl => ttl::extend(request, lookup),
        Operation::Restore => ttl::restore(request, lookup),
        Operation::ResourceFee => fees::resource_fee(request, lookup),
    };
    answer.unwrap_or_else(|refusal| {
        let mut frame = Writer::default();
        refusal.write(&mut frame);
        frame.finish()
    })
}

/// Forgets network settings and parsed contracts, so that the next request
/// reads both from the ledger again.
pub fn reset() {
    ledger::forget_settings();
    modules::forget();
}
