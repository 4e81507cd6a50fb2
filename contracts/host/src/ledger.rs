//! The ledger as this module sees it: look-ups by key, the header of the ledger
//! being built, and the network settings, read once and kept.

use std::cell::RefCell;
use std::rc::Rc;

use sha2::{Digest, Sha256};
use soroban_env_host::storage::{EntryWithLiveUntil, SnapshotSource};
use soroban_env_host::xdr::{Hash, LedgerEntry, LedgerKey, ReadXdr, ScErrorCode, ScErrorType};
use soroban_env_host::{Error, HostError, LedgerInfo, DEFAULT_XDR_RW_LIMITS};
use soroban_simulation::NetworkConfig;

use crate::frames::{encode, Reader, Refusal};

/// Finds a ledger entry by the XDR of its key. The answer is the entry's
/// live-until ledger (`u32` little-endian, 0 where entries have none) and then
/// the XDR of the `LedgerEntry`.
pub type Lookup = fn(&[u8]) -> Option<Vec<u8>>;

/// An entry as it lies in the ledger.
pub struct StoredEntry {
    pub xdr: Vec<u8>,
    /// 0 for entries that do not expire (accounts, trustlines, settings).
    pub live_until: u32,
}

/// Finds an entry by key. An answer too short to hold both fields is refused.
pub fn find(lookup: Lookup, key: &LedgerKey) -> Result<Option<StoredEntry>, Refusal> {
    let Some(mut found) = lookup(&encode(key, "a ledger key")?) else {
        return Ok(None);
    };
    if found.len() < 4 {
        return Err(Refusal::UnusableLedger(
            "a ledger entry without its live-until field".into(),
        ));
    }
    let xdr = found.split_off(4);
    let live_until = u32::from_le_bytes([found[0], found[1], found[2], found[3]]);
    Ok(Some(StoredEntry { xdr, live_until }))
}

/// Decodes what the ledger holds.
pub fn decode_entry(xdr: &[u8]) -> Result<LedgerEntry, Refusal> {
    LedgerEntry::from_xdr(xdr, DEFAULT_XDR_RW_LIMITS)
        .map_err(|error| Refusal::ledger("a ledger entry is not valid XDR", error))
}

/// The look-ups in the shape the host wants them.
pub struct Snapshot(pub Lookup);

impl SnapshotSource for Snapshot {
    fn get(&self, key: &Rc<LedgerKey>) -> Result<Option<EntryWithLiveUntil>, HostError> {
        let Some(found) = find(self.0, key).map_err(|_| unreadable())? else {
            return Ok(None);
        };
        let entry = decode_entry(&found.xdr).map_err(|_| unreadable())?;
        let live_until = (found.live_until != 0).then_some(found.live_until);
        Ok(Some((Rc::new(entry), live_until)))
    }
}

fn unreadable() -> HostError {
    Error::from_type_and_code(ScErrorType::Storage, ScErrorCode::InternalError).into()
}

/// The hash a `TtlEntry` names its entry by.
pub fn key_hash(key: &LedgerKey) -> Result<Hash, Refusal> {
    let xdr = encode(key, "a ledger key")?;
    Ok(Hash(Sha256::digest(xdr).into()))
}

thread_local! {
    static SETTINGS: RefCell<Option<Rc<NetworkConfig>>> = const { RefCell::new(None) };
}

/// The network settings: ten look-ups the first time, none after that until
/// they are forgotten.
pub fn settings(lookup: Lookup) -> Result<Rc<NetworkConfig>, Refusal> {
    SETTINGS.with(|kept| {
        if let Some(settings) = kept.borrow().as_ref() {
            return Ok(settings.clone());
        }
        let read = NetworkConfig::load_from_snapshot(&Snapshot(lookup))
            .map_err(|error| Refusal::UnusableLedger(format!("network settings: {error:#}")))?;
        let settings = Rc::new(read);
        *kept.borrow_mut() = Some(settings.clone());
        Ok(settings)
    })
}

/// Makes the next request read the network settings from the ledger.
pub fn forget_settings() {
    SETTINGS.with(|kept| *kept.borrow_mut() = None);
}

/// Reads the header fields every request starts with: protocol `u32`, sequence
/// `u32`, close time in seconds `u64`, network id 32 bytes, base reserve `u32`.
pub fn read_header(frame: &mut Reader, settings: &NetworkConfig) -> Result<LedgerInfo, Refusal> {
    let mut header = LedgerInfo {
        protocol_version: frame.u32()?,
        sequence_number: frame.u32()?,
        timestamp: frame.u64()?,
        network_id: frame.array()?,
        base_reserve: frame.u32()?,
        ..LedgerInfo::default()
    };
    settings.fill_config_fields_in_ledger_info(&mut header);
    if header.max_live_until_ledger_checked().is_none() {
        return Err(Refusal::Malformed(
            "the ledger sequence leaves no room for entries to live".into(),
        ));
    }
    Ok(header)
}
