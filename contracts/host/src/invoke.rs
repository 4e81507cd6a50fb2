//! Applying a host function to the ledger, within the footprint, instructions
//! and authorizations its transaction declared.
//!
//! The host enforces footprint membership, instructions and memory. Limits on
//! entries, bytes, events and the envelope are the ledger's to enforce; the
//! answer carries every number it needs for that.

use soroban_env_host::budget::Budget;
use soroban_env_host::e2e_invoke::{
    extract_rent_changes, invoke_host_function, InvokeHostFunctionResult, LedgerEntryChange,
};
use soroban_env_host::fees::compute_rent_fee;
use soroban_env_host::ledger_info::get_key_durability;
use soroban_env_host::xdr::{
    ContractDataDurability, DiagnosticEvent, LedgerEntryData, LedgerKey, ScErrorCode, ScErrorType,
    SorobanResources, TtlEntry,
};
use soroban_env_host::{Error, HostError, LedgerInfo};
use soroban_simulation::NetworkConfig;

use crate::frames::{decode, encode, status, Answer, Reader, Refusal, Writer};
use crate::ledger::{decode_entry, find, key_hash, read_header, settings, Lookup};
use crate::modules::{self, Code};
use crate::simulate::flag::DIAGNOSTICS;

/// Why an invocation failed, in the words of `InvokeHostFunctionResultCode`.
pub mod failure {
    pub const TRAPPED: u32 = 0;
    pub const RESOURCE_LIMIT_EXCEEDED: u32 = 1;
    pub const ENTRY_ARCHIVED: u32 = 2;
}

/// Request: header, `u32` flags (1 = diagnostics), `HostFunction`,
/// `SorobanResources`, list of `u32` positions in the read-write footprint that
/// are to be restored, `AccountId` of the source, seed of 32 bytes, list of
/// `SorobanAuthorizationEntry`.
///
/// Answer: `OK` and the returned `ScVal`, or `FAILED`, a `u32` of [`failure`], a
/// text and the error as `ScVal`; then in both cases a list of changes
/// ([`write_change`]), lists of `ContractEvent` and `DiagnosticEvent`, `u64`
/// instructions, `u64` bytes of memory, `i64` rent fee in stroops, `u32` disk
/// read entries, disk read bytes, written entries, written bytes, bytes of
/// events and returned value.
pub fn invoke(request: &[u8], lookup: Lookup) -> Answer {
    let settings = settings(lookup)?;
    let mut frame = Reader::new(request);
    let header = read_header(&mut frame, &settings)?;
    let flags = frame.u32()?;
    let call = Call {
        function: frame.bytes()?.to_vec(),
        resources_xdr: frame.bytes()?.to_vec(),
        restored: frame.list(Reader::u32)?,
        source: frame.bytes()?.to_vec(),
        seed: frame.array::<32>()?.to_vec(),
        auth: frame.list(|item| item.bytes().map(<[u8]>::to_vec))?,
        diagnostics: flags & DIAGNOSTICS != 0,
    };
    frame.end()?;
    let resources: SorobanResources = decode(&call.resources_xdr, "the resources")?;
    match load(&resources, &call.restored, &header, lookup)? {
        Loaded::Archived(key) => write_archived(&key),
        Loaded::Ready(footprint) => run(call, &resources, footprint, &header, &settings),
    }
}

struct Call {
    function: Vec<u8>,
    resources_xdr: Vec<u8>,
    restored: Vec<u32>,
    source: Vec<u8>,
    seed: Vec<u8>,
    auth: Vec<Vec<u8>>,
    diagnostics: bool,
}

/// The entries of the footprint, in the parallel lists the host takes.
#[derive(Default)]
struct Footprint {
    entries: Vec<Vec<u8>>,
    ttls: Vec<Vec<u8>>,
    codes: Vec<Code>,
    disk_read_entries: u32,
    disk_read_bytes: u32,
}

enum Loaded {
    Ready(Footprint),
    Archived(LedgerKey),
}

/// Finds the footprint's entries. Contract entries live in validators' memory
/// and are free to read; accounts, trustlines and restored entries are read
/// from disk and counted.
fn load(
    resources: &SorobanResources,
    restored: &[u32],
    header: &LedgerInfo,
    lookup: Lookup,
) -> Result<Loaded, Refusal> {
    let restored_until = header
        .min_live_until_ledger_checked(ContractDataDurability::Persistent)
        .ok_or_else(|| Refusal::UnusableLedger("the shortest life overflows".into()))?;
    let footprint = &resources.footprint;
    let read_only = footprint.read_only.iter().map(|key| (key, None));
    let read_write = (0u32..).zip(footprint.read_write.iter());
    let read_write = read_write.map(|(position, key)| (key, Some(position)));
    let mut loaded = Footprint::default();
    for (key, position) in read_only.chain(read_write) {
        let durability = get_key_durability(key);
        if durability.is_none() {
            loaded.disk_read_entries += 1;
        }
        let Some(mut found) = find(lookup, key)? else {
            continue;
        };
        let bytes = found.xdr.len() as u32;
        match durability {
            None => {
                loaded.disk_read_bytes += bytes;
                loaded.ttls.push(Vec::new());
            }
            Some(durability) => {
                if found.live_until < header.sequence_number {
                    if durability == ContractDataDurability::Temporary {
                        continue;
                    }
                    if !position.is_some_and(|position| restored.contains(&position)) {
                        return Ok(Loaded::Archived(key.clone()));
                    }
                    found.live_until = restored_until;
                    loaded.disk_read_entries += 1;
                    loaded.disk_read_bytes += bytes;
                } else if matches!(key, LedgerKey::ContractCode(_)) {
                    loaded.codes.extend(code_of(&found.xdr)?);
                }
                let ttl = TtlEntry {
                    key_hash: key_hash(key)?,
                    live_until_ledger_seq: found.live_until,
                };
                loaded.ttls.push(encode(&ttl, "a TTL entry")?);
            }
        }
        loaded.entries.push(found.xdr);
    }
    Ok(Loaded::Ready(loaded))
}

fn code_of(xdr: &[u8]) -> Result<Option<Code>, Refusal> {
    Ok(match decode_entry(xdr)?.data {
        LedgerEntryData::ContractCode(entry) => Some(Code {
            hash: entry.hash,
            wasm: entry.code.into(),
        }),
        _ => None,
    })
}

fn run(
    call: Call,
    resources: &SorobanResources,
    footprint: Footprint,
    header: &LedgerInfo,
    settings: &NetworkConfig,
) -> Answer {
    let budget = Budget::try_from_configs(
        resources.instructions.into(),
        settings.tx_memory_limit.into(),
        settings.cpu_cost_params.clone(),
        settings.memory_cost_params.clone(),
    )
    .map_err(|error| Refusal::ledger("cost parameters", error))?;
    let cache = modules::with_codes(settings, header.protocol_version, &footprint.codes)?;
    let mut diagnostics = Vec::new();
    let result = invoke_host_function(
        &budget,
        call.diagnostics,
        call.function,
        call.resources_xdr,
        &call.restored,
        call.source,
        call.auth.into_iter(),
        header.clone(),
        footprint.entries.into_iter(),
        footprint.ttls.into_iter(),
        call.seed,
        &mut diagnostics,
        None,
        Some(cache),
    );
    let result = result.unwrap_or_else(|error| InvokeHostFunctionResult {
        encoded_invoke_result: Err(error),
        ledger_changes: Vec::new(),
        encoded_contract_events: Vec::new(),
    });
    let mut usage = Usage {
        instructions: metered(budget.get_cpu_insns_consumed())?,
        memory_bytes: metered(budget.get_mem_bytes_consumed())?,
        rent_fee: compute_rent_fee(
            &extract_rent_changes(&result.ledger_changes),
            &settings.rent_fee_configuration,
            header.sequence_number,
        ),
        disk_read_entries: footprint.disk_read_entries,
        disk_read_bytes: footprint.disk_read_bytes,
        ..Usage::default()
    };
    usage.count_outputs(&result);
    let over_limit = usage.instructions > resources.instructions.into()
        || usage.memory_bytes > settings.tx_memory_limit.into();
    write(
        &result,
        over_limit,
        &diagnostics,
        &usage,
        header.sequence_number,
    )
}

fn metered(value: Result<u64, HostError>) -> Result<u64, Refusal> {
    value.map_err(|error| Refusal::ledger("metering", error))
}

#[derive(Default)]
struct Usage {
    instructions: u64,
    memory_bytes: u64,
    rent_fee: i64,
    disk_read_entries: u32,
    disk_read_bytes: u32,
    write_entries: u32,
    write_bytes: u32,
    events_bytes: u32,
}

impl Usage {
    fn count_outputs(&mut self, result: &InvokeHostFunctionResult) {
        for change in &result.ledger_changes {
            if let Some(value) = &change.encoded_new_value {
                self.write_entries += 1;
                self.write_bytes += value.len() as u32;
            }
        }
        let returned = result.encoded_invoke_result.as_ref().map_or(0, Vec::len);
        let events: usize = result.encoded_contract_events.iter().map(Vec::len).sum();
        self.events_bytes = (returned + events) as u32;
    }

    fn write(&self, frame: &mut Writer) {
        frame.u64(self.instructions);
        frame.u64(self.memory_bytes);
        frame.i64(self.rent_fee);
        frame.u32(self.disk_read_entries);
        frame.u32(self.disk_read_bytes);
        frame.u32(self.write_entries);
        frame.u32(self.write_bytes);
        frame.u32(self.events_bytes);
    }
}

fn write(
    result: &InvokeHostFunctionResult,
    over_limit: bool,
    diagnostics: &[DiagnosticEvent],
    usage: &Usage,
    sequence: u32,
) -> Answer {
    let mut frame = Writer::default();
    match &result.encoded_invoke_result {
        Ok(value) => {
            frame.u32(status::OK);
            frame.bytes(value);
        }
        Err(error) => {
            frame.u32(status::FAILED);
            frame.u32(if over_limit {
                failure::RESOURCE_LIMIT_EXCEEDED
            } else {
                failure::TRAPPED
            });
            frame.host_error(&format!("{error:?}"), error)?;
        }
    }
    frame.list(&result.ledger_changes, |frame, change| {
        write_change(frame, change, sequence);
        Ok(())
    })?;
    frame.list(&result.encoded_contract_events, |frame, event| {
        frame.bytes(event);
        Ok(())
    })?;
    frame.xdr_list(diagnostics, "a diagnostic event")?;
    usage.write(&mut frame);
    Ok(frame.finish())
}

/// `LedgerKey`, `u32` read-only, `LedgerEntry` or absent (removed, or read-only),
/// `u32` has a TTL, `u32` live-until before (0 = new or archived), `u32` after.
///
/// The host leaves the sequence of the last change as it was; the entry goes
/// out as the ledger stores it, with this ledger's sequence in its first field.
fn write_change(frame: &mut Writer, change: &LedgerEntryChange, sequence: u32) {
    frame.bytes(&change.encoded_key);
    frame.u32(change.read_only.into());
    match &change.encoded_new_value {
        Some(value) if value.len() >= 4 => {
            let stamped = [&sequence.to_be_bytes(), &value[4..]].concat();
            frame.bytes(&stamped);
        }
        _ => frame.bytes(&[]),
    }
    let ttl = change.ttl_change.as_ref();
    frame.u32(ttl.is_some().into());
    frame.u32(ttl.map_or(0, |ttl| ttl.old_live_until_ledger));
    frame.u32(ttl.map_or(0, |ttl| ttl.new_live_until_ledger));
}

/// A footprint that holds an archived entry which is not to be restored fails
/// before the host runs.
fn write_archived(key: &LedgerKey) -> Answer {
    let error = Error::from_type_and_code(ScErrorType::Storage, ScErrorCode::InvalidAction);
    let mut frame = Writer::default();
    frame.u32(status::FAILED);
    frame.u32(failure::ENTRY_ARCHIVED);
    let text = format!("archived entry in the footprint: {key:?}");
    frame.host_error(&text, &error.into())?;
    for _changes_and_events in 0..3 {
        frame.u32(0);
    }
    Usage::default().write(&mut frame);
    Ok(frame.finish())
}
