//! What an invocation would do, need and cost: the work behind RPC's
//! `simulateTransaction`.

use std::rc::Rc;

use soroban_env_host::e2e_invoke::RecordingInvocationAuthMode;
use soroban_env_host::xdr::{AccountId, HostFunction};
use soroban_simulation::simulation::{
    simulate_invoke_host_function_op, InvokeHostFunctionSimulationResult, LedgerEntryDiff,
    SimulationAdjustmentConfig,
};

use crate::frames::{status, Answer, Reader, Refusal, Writer};
use crate::ledger::{read_header, settings, Lookup, Snapshot};

/// Bits of the `flags` field.
pub mod flag {
    /// Record diagnostic events.
    pub const DIAGNOSTICS: u32 = 1;
    /// Record authorizations with the newer address credentials (CAP-71).
    pub const ADDRESS_V2: u32 = 2;
}

/// Values of the `auth_mode` field.
pub mod auth_mode {
    /// Record what must be signed; only the root invocation may ask.
    pub const RECORD: u32 = 0;
    /// Record what must be signed, wherever it is asked for.
    pub const RECORD_ALLOW_NON_ROOT: u32 = 1;
    /// Check the signed entries of the request.
    pub const ENFORCE: u32 = 2;
}

/// Request: header, `u32` flags, `u32` auth mode, `u32` least instruction
/// leeway, `HostFunction`, `AccountId` of the source, seed of 32 bytes, list of
/// `SorobanAuthorizationEntry`.
///
/// The seed must be fresh for each simulation: the nonces of recorded
/// authorizations derive from it, and the network accepts a nonce once.
///
/// Answer: `OK` and the returned `ScVal`, or `FAILED`, a text and the error as
/// `ScVal`; then in both cases `SorobanTransactionData` or absent, lists of
/// `SorobanAuthorizationEntry`, `ContractEvent` and `DiagnosticEvent`, a list of
/// (`LedgerKey`, `LedgerEntry` before or absent, `LedgerEntry` after or absent),
/// `u32` instructions, `u32` bytes of memory.
pub fn simulate(request: &[u8], lookup: Lookup) -> Answer {
    let settings = settings(lookup)?;
    let mut frame = Reader::new(request);
    let header = read_header(&mut frame, &settings)?;
    let flags = frame.u32()?;
    let mode = frame.u32()?;
    let leeway = frame.u32()?;
    let function: HostFunction = frame.xdr("the host function")?;
    let source: AccountId = frame.xdr("the source account")?;
    let seed = frame.array()?;
    let signed = frame.xdr_list("an authorization entry")?;
    frame.end()?;
    let use_v2 = flags & flag::ADDRESS_V2 != 0;
    let mode = match mode {
        auth_mode::RECORD => RecordingInvocationAuthMode::recording(true, use_v2),
        auth_mode::RECORD_ALLOW_NON_ROOT => RecordingInvocationAuthMode::recording(false, use_v2),
        auth_mode::ENFORCE => RecordingInvocationAuthMode::Enforcing(signed),
        other => return Err(Refusal::Malformed(format!("no auth mode {other}"))),
    };

    let result = simulate_invoke_host_function_op(
        Rc::new(Snapshot(lookup)),
        &settings,
        &adjustment(leeway),
        &header,
        function,
        mode,
        &source,
        seed,
        flags & flag::DIAGNOSTICS != 0,
    )
    .map_err(|error| Refusal::UnusableLedger(format!("simulation: {error:#}")))?;
    write(&result)
}

/// RPC's own adjustment: its default margins, with at least the leeway asked for.
fn adjustment(leeway: u32) -> SimulationAdjustmentConfig {
    let mut adjustment = SimulationAdjustmentConfig::default_adjustment();
    let instructions = &mut adjustment.instructions;
    instructions.additive_factor = instructions.additive_factor.max(leeway);
    adjustment
}

fn write(result: &InvokeHostFunctionSimulationResult) -> Answer {
    let mut frame = Writer::default();
    match &result.invoke_result {
        Ok(value) => {
            frame.u32(status::OK);
            frame.xdr(value, "the returned value")?;
        }
        Err(error) => {
            frame.u32(status::FAILED);
            frame.host_error(&format!("{error:?}"), error)?;
        }
    }
    frame.optional_xdr(result.transaction_data.as_ref(), "transaction data")?;
    frame.xdr_list(&result.auth, "an authorization entry")?;
    frame.xdr_list(&result.contract_events, "a contract event")?;
    frame.xdr_list(&result.diagnostic_events, "a diagnostic event")?;
    frame.list(&result.modified_entries, write_modified)?;
    frame.u32(result.simulated_instructions);
    frame.u32(result.simulated_memory);
    Ok(frame.finish())
}

fn write_modified(frame: &mut Writer, diff: &LedgerEntryDiff) -> Result<(), Refusal> {
    let (before, after) = (diff.state_before.as_ref(), diff.state_after.as_ref());
    let key = before.or(after).map(|entry| entry.to_key());
    frame.optional_xdr(key.as_ref(), "a ledger key")?;
    frame.optional_xdr(before, "a ledger entry")?;
    frame.optional_xdr(after, "a ledger entry")
}
