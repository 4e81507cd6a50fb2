//! How long entries live: the two operations that only change that, simulated
//! as RPC does and applied as a validator does.

use soroban_env_host::budget::Budget;
use soroban_env_host::e2e_invoke::entry_size_for_rent;
use soroban_env_host::fees::{compute_rent_fee, LedgerEntryRentChange};
use soroban_env_host::ledger_info::get_key_durability;
use soroban_env_host::xdr::{ContractDataDurability, LedgerKey, SorobanTransactionData};
use soroban_env_host::LedgerInfo;
use soroban_simulation::simulation::{
    simulate_extend_ttl_op, simulate_restore_op, SimulationAdjustmentConfig,
};
use soroban_simulation::NetworkConfig;

use crate::frames::{status, Answer, Reader, Refusal, Writer};
use crate::ledger::{decode_entry, find, read_header, settings, Lookup, Snapshot};

/// Request: header, `u32` ledgers from now to live, list of `LedgerKey`.
/// Answer: `OK`, `SorobanTransactionData`.
pub fn simulate_extend(request: &[u8], lookup: Lookup) -> Answer {
    let settings = settings(lookup)?;
    let mut frame = Reader::new(request);
    let header = read_header(&mut frame, &settings)?;
    let extend_to = frame.u32()?;
    let keys = frame.xdr_list("a ledger key")?;
    frame.end()?;
    live_until_after(&header, extend_to)?;
    let result = simulate_extend_ttl_op(
        &Snapshot(lookup),
        &settings,
        &SimulationAdjustmentConfig::default_adjustment(),
        &header,
        &keys,
        extend_to,
    );
    write_simulated(result.map(|simulated| simulated.transaction_data))
}

/// Request: header, list of `LedgerKey`. Answer: `OK`, `SorobanTransactionData`.
pub fn simulate_restore(request: &[u8], lookup: Lookup) -> Answer {
    let settings = settings(lookup)?;
    let mut frame = Reader::new(request);
    let header = read_header(&mut frame, &settings)?;
    let keys = frame.xdr_list("a ledger key")?;
    frame.end()?;
    let result = simulate_restore_op(
        &Snapshot(lookup),
        &settings,
        &SimulationAdjustmentConfig::default_adjustment(),
        &header,
        &keys,
    );
    write_simulated(result.map(|simulated| simulated.transaction_data))
}

/// `FAILED` and a text: the keys cannot be extended or restored.
fn write_simulated(result: Result<SorobanTransactionData, impl std::fmt::Display>) -> Answer {
    let mut frame = Writer::default();
    match result {
        Ok(data) => {
            frame.u32(status::OK);
            frame.xdr(&data, "transaction data")?;
        }
        Err(error) => {
            frame.u32(status::FAILED);
            frame.bytes(format!("{error:#}").as_bytes());
        }
    }
    Ok(frame.finish())
}

/// Applies `ExtendFootprintTtlOp`: live entries of the read-only footprint that
/// would live shorter are extended, every other key is passed over.
///
/// Request: as for [`simulate_extend`]. Answer: see [`write_applied`].
pub fn extend(request: &[u8], lookup: Lookup) -> Answer {
    let settings = settings(lookup)?;
    let mut frame = Reader::new(request);
    let header = read_header(&mut frame, &settings)?;
    let extend_to = frame.u32()?;
    let keys = frame.xdr_list("a ledger key")?;
    frame.end()?;
    let live_until = live_until_after(&header, extend_to)?;
    let mut extended = Vec::new();
    for key in keys {
        let Some(durability) = get_key_durability(&key) else {
            continue;
        };
        let Some(found) = find(lookup, &key)? else {
            continue;
        };
        if found.live_until < header.sequence_number || found.live_until >= live_until {
            continue;
        }
        let size = rent_size(&settings, &found.xdr)?;
        extended.push(Applied {
            rent: LedgerEntryRentChange {
                is_persistent: durability == ContractDataDurability::Persistent,
                is_code_entry: matches!(key, LedgerKey::ContractCode(_)),
                old_size_bytes: size,
                new_size_bytes: size,
                old_live_until_ledger: found.live_until,
                new_live_until_ledger: live_until,
            },
            key,
            entry_bytes: found.xdr.len() as u32,
        });
    }
    write_applied(extended, &settings, &header)
}

/// Applies `RestoreFootprintOp`: archived persistent entries of the read-write
/// footprint live again, every other key is passed over.
///
/// Request: as for [`simulate_restore`]. Answer: see [`write_applied`].
pub fn restore(request: &[u8], lookup: Lookup) -> Answer {
    let settings = settings(lookup)?;
    let mut frame = Reader::new(request);
    let header = read_header(&mut frame, &settings)?;
    let keys = frame.xdr_list("a ledger key")?;
    frame.end()?;
    let live_until = header
        .min_live_until_ledger_checked(ContractDataDurability::Persistent)
        .ok_or_else(|| Refusal::UnusableLedger("the shortest life overflows".into()))?;
    let mut restored = Vec::new();
    for key in keys {
        if get_key_durability(&key) != Some(ContractDataDurability::Persistent) {
            continue;
        }
        let Some(found) = find(lookup, &key)? else {
            continue;
        };
        if found.live_until >= header.sequence_number {
            continue;
        }
        restored.push(Applied {
            // An archived entry pays rent like a new one: nothing is left of what it had paid.
            rent: LedgerEntryRentChange {
                is_persistent: true,
                is_code_entry: matches!(key, LedgerKey::ContractCode(_)),
                old_size_bytes: 0,
                new_size_bytes: rent_size(&settings, &found.xdr)?,
                old_live_until_ledger: 0,
                new_live_until_ledger: live_until,
            },
            key,
            entry_bytes: found.xdr.len() as u32,
        });
    }
    write_applied(restored, &settings, &header)
}

struct Applied {
    key: LedgerKey,
    rent: LedgerEntryRentChange,
    entry_bytes: u32,
}

/// Answer: `OK`, list of (`LedgerKey`, `u32` live-until before or 0 when
/// archived, `u32` live-until after, `u32` bytes of the entry), `i64` rent fee in
/// stroops.
fn write_applied(applied: Vec<Applied>, settings: &NetworkConfig, header: &LedgerInfo) -> Answer {
    let mut frame = Writer::default();
    frame.u32(status::OK);
    frame.list(&applied, |frame, change| {
        frame.xdr(&change.key, "a ledger key")?;
        frame.u32(change.rent.old_live_until_ledger);
        frame.u32(change.rent.new_live_until_ledger);
        frame.u32(change.entry_bytes);
        Ok(())
    })?;
    let rent: Vec<_> = applied.into_iter().map(|change| change.rent).collect();
    frame.i64(compute_rent_fee(
        &rent,
        &settings.rent_fee_configuration,
        header.sequence_number,
    ));
    Ok(frame.finish())
}

fn live_until_after(header: &LedgerInfo, extend_to: u32) -> Result<u32, Refusal> {
    header
        .sequence_number
        .checked_add(extend_to)
        .ok_or_else(|| Refusal::Malformed("an extension beyond the last ledger".into()))
}

/// Contract code pays for the memory of its parsed form, all else for its bytes.
fn rent_size(settings: &NetworkConfig, xdr: &[u8]) -> Result<u32, Refusal> {
    let budget = Budget::try_from_configs(
        u64::MAX,
        u64::MAX,
        settings.cpu_cost_params.clone(),
        settings.memory_cost_params.clone(),
    )
    .map_err(|error| Refusal::ledger("cost parameters", error))?;
    entry_size_for_rent(&budget, &decode_entry(xdr)?, xdr.len() as u32)
        .map_err(|error| Refusal::ledger("the size of an entry", error))
}
