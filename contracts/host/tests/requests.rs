//! Requests that cannot be answered get a refusal; nothing a caller sends panics.

use std::collections::HashMap;
use std::sync::OnceLock;

use host::frames::{encode, status, Reader, Writer};
use host::simulate::auth_mode;
use host::{answer, reset, Operation};
use soroban_env_host::xdr::{
    AccountId, ConfigSettingContractBandwidthV0, ConfigSettingContractComputeV0,
    ConfigSettingContractEventsV0, ConfigSettingContractHistoricalDataV0,
    ConfigSettingContractLedgerCostExtV0, ConfigSettingContractLedgerCostV0, ConfigSettingEntry,
    ContractCostParamEntry, ContractCostParams, ContractCostType, ContractDataDurability,
    ContractId, ExtensionPoint, Hash, HostFunction, InvokeContractArgs, LedgerEntry,
    LedgerEntryData, LedgerEntryExt, LedgerFootprint, LedgerKey, LedgerKeyAccount,
    LedgerKeyContractCode, LedgerKeyContractData, PublicKey, ScAddress, ScVal, SorobanResources,
    StateArchivalSettings, Uint256,
};

/// Keys and entries by the XDR of the key.
type Ledger = HashMap<Vec<u8>, Vec<u8>>;

fn settings() -> &'static Ledger {
    static LEDGER: OnceLock<Ledger> = OnceLock::new();
    LEDGER.get_or_init(|| {
        let entries = [
            ConfigSettingEntry::ContractComputeV0(ConfigSettingContractComputeV0 {
                ledger_max_instructions: 580_000_000,
                tx_max_instructions: 400_000_000,
                fee_rate_per_instructions_increment: 7,
                tx_memory_limit: 41_943_040,
            }),
            ConfigSettingEntry::ContractLedgerCostV0(ConfigSettingContractLedgerCostV0 {
                fee_disk_read_ledger_entry: 1_563,
                fee_write_ledger_entry: 2_500,
                fee_disk_read1_kb: 447,
                soroban_state_target_size_bytes: 4_000_000_000,
                rent_fee1_kb_soroban_state_size_low: -17_000,
                rent_fee1_kb_soroban_state_size_high: 10_000,
                soroban_state_rent_fee_growth_factor: 5_000,
                ..Default::default()
            }),
            ConfigSettingEntry::ContractLedgerCostExtV0(ConfigSettingContractLedgerCostExtV0 {
                tx_max_footprint_entries: 400,
                fee_write1_kb: 875,
            }),
            ConfigSettingEntry::ContractHistoricalDataV0(ConfigSettingContractHistoricalDataV0 {
                fee_historical1_kb: 4_059,
            }),
            ConfigSettingEntry::ContractEventsV0(ConfigSettingContractEventsV0 {
                tx_max_contract_events_size_bytes: 16_384,
                fee_contract_events1_kb: 5_000,
            }),
            ConfigSettingEntry::ContractBandwidthV0(ConfigSettingContractBandwidthV0 {
                ledger_max_txs_size_bytes: 266_240,
                tx_max_size_bytes: 132_096,
                fee_tx_size1_kb: 406,
            }),
            ConfigSettingEntry::StateArchival(StateArchivalSettings {
                max_entry_ttl: 3_110_400,
                min_temporary_ttl: 720,
                min_persistent_ttl: 120_960,
                persistent_rent_rate_denominator: 1_215,
                temp_rent_rate_denominator: 2_430,
                ..Default::default()
            }),
            ConfigSettingEntry::ContractCostParamsCpuInstructions(free()),
            ConfigSettingEntry::ContractCostParamsMemoryBytes(free()),
            ConfigSettingEntry::LiveSorobanStateSizeWindow(vec![4_000_000_000].try_into().unwrap()),
        ];
        entries.into_iter().map(stored).collect()
    })
}

/// Work that costs nothing: these tests are not about metering.
fn free() -> ContractCostParams {
    let entry = ContractCostParamEntry {
        ext: ExtensionPoint::V0,
        const_term: 0,
        linear_term: 0,
    };
    let entries = vec![entry; ContractCostType::variants().len()];
    ContractCostParams(entries.try_into().unwrap())
}

fn stored(setting: ConfigSettingEntry) -> (Vec<u8>, Vec<u8>) {
    let entry = LedgerEntry {
        last_modified_ledger_seq: 1,
        data: LedgerEntryData::ConfigSetting(setting),
        ext: LedgerEntryExt::V0,
    };
    let key = encode(&entry.to_key(), "a key").unwrap();
    let mut found = vec![0; 4];
    found.extend(encode(&entry, "an entry").unwrap());
    (key, found)
}

fn lookup(key: &[u8]) -> Option<Vec<u8>> {
    settings().get(key).cloned()
}

fn contract() -> ScAddress {
    ScAddress::Contract(ContractId(Hash([7; 32])))
}

fn account() -> AccountId {
    AccountId(PublicKey::PublicKeyTypeEd25519(Uint256([9; 32])))
}

fn keys() -> Vec<LedgerKey> {
    vec![
        LedgerKey::ContractData(LedgerKeyContractData {
            contract: contract(),
            key: ScVal::LedgerKeyContractInstance,
            durability: ContractDataDurability::Persistent,
        }),
        LedgerKey::ContractCode(LedgerKeyContractCode {
            hash: Hash([3; 32]),
        }),
        LedgerKey::Account(LedgerKeyAccount {
            account_id: account(),
        }),
    ]
}

fn header(frame: &mut Writer, sequence: u32) {
    frame.u32(soroban_env_host::meta::INTERFACE_VERSION.protocol);
    frame.u32(sequence);
    frame.u64(1_790_000_000);
    for _network_id in 0..4 {
        frame.u64(1);
    }
    frame.u32(5_000_000);
}

fn host_function() -> HostFunction {
    HostFunction::InvokeContract(InvokeContractArgs {
        contract_address: contract(),
        function_name: "version".try_into().unwrap(),
        args: Default::default(),
    })
}

/// A request that can be read, for each operation.
fn request(operation: Operation, sequence: u32) -> Vec<u8> {
    let mut frame = Writer::default();
    let seed = |frame: &mut Writer| (0..4).for_each(|_| frame.u64(5));
    match operation {
        Operation::Simulate => {
            header(&mut frame, sequence);
            frame.u32(1);
            frame.u32(auth_mode::RECORD);
            frame.u32(0);
            frame.xdr(&host_function(), "").unwrap();
            frame.xdr(&account(), "").unwrap();
            seed(&mut frame);
            frame.u32(0);
        }
        Operation::Invoke => {
            let resources = SorobanResources {
                footprint: LedgerFootprint {
                    read_only: keys()[..1].to_vec().try_into().unwrap(),
                    read_write: keys()[1..].to_vec().try_into().unwrap(),
                },
                instructions: 1_000_000,
                disk_read_bytes: 1000,
                write_bytes: 1000,
            };
            header(&mut frame, sequence);
            frame.u32(1);
            frame.xdr(&host_function(), "").unwrap();
            frame.xdr(&resources, "").unwrap();
            frame.u32(0);
            frame.xdr(&account(), "").unwrap();
            seed(&mut frame);
            frame.u32(0);
        }
        Operation::SimulateExtendTtl | Operation::ExtendTtl => {
            header(&mut frame, sequence);
            frame.u32(1000);
            frame.xdr_list(&keys()[..2], "").unwrap();
        }
        Operation::SimulateRestore | Operation::Restore => {
            header(&mut frame, sequence);
            frame.xdr_list(&keys()[..2], "").unwrap();
        }
        Operation::ResourceFee => (0..7).for_each(|_| frame.u32(1024)),
    }
    frame.finish()
}

fn status_of(answer: &[u8]) -> u32 {
    Reader::new(answer).u32().unwrap()
}

#[test]
fn a_readable_request_is_answered() {
    let expected = [
        // No such contract: the invocation fails, the request is fine.
        (Operation::Simulate, status::FAILED),
        (Operation::Invoke, status::FAILED),
        (Operation::SimulateExtendTtl, status::OK),
        (Operation::SimulateRestore, status::FAILED),
        (Operation::ExtendTtl, status::OK),
        (Operation::Restore, status::OK),
        (Operation::ResourceFee, status::OK),
    ];
    for (operation, expected) in expected {
        let answer = answer(operation, &request(operation, 1000), lookup);
        assert_eq!(status_of(&answer), expected, "{operation:?}");
    }
}

#[test]
fn a_request_cut_short_anywhere_is_malformed() {
    for operation in Operation::ALL {
        let whole = request(operation, 1000);
        for length in 0..whole.len() {
            let answer = answer(operation, &whole[..length], lookup);
            assert_eq!(
                status_of(&answer),
                status::MALFORMED,
                "{operation:?} {length}"
            );
        }
    }
}

#[test]
fn a_request_with_bytes_left_over_is_malformed() {
    for operation in Operation::ALL {
        let mut longer = request(operation, 1000);
        longer.push(0);
        let answer = answer(operation, &longer, lookup);
        assert_eq!(status_of(&answer), status::MALFORMED, "{operation:?}");
    }
}

#[test]
fn no_change_of_a_byte_panics() {
    for operation in Operation::ALL {
        let whole = request(operation, 1000);
        for at in 0..whole.len() {
            for bits in [0x01, 0x80, 0xff] {
                let mut changed = whole.clone();
                changed[at] ^= bits;
                assert!(status_of(&answer(operation, &changed, lookup)) <= status::UNUSABLE_LEDGER);
            }
        }
    }
}

#[test]
fn a_ledger_without_settings_is_unusable() {
    for operation in Operation::ALL {
        reset();
        let answer = answer(operation, &request(operation, 1000), |_| None);
        assert_eq!(status_of(&answer), status::UNUSABLE_LEDGER, "{operation:?}");
    }
}

#[test]
fn an_entry_that_is_no_entry_panics_nowhere() {
    const BROKEN: [&[u8]; 3] = [&[], &[1, 2], &[0, 0, 0, 0, 1, 2, 3]];
    for operation in Operation::ALL {
        reset();
        status_of(&answer(
            Operation::ResourceFee,
            &request(Operation::ResourceFee, 1),
            lookup,
        ));
        let request = request(operation, 1000);
        status_of(&answer(operation, &request, |_| Some(BROKEN[0].to_vec())));
        status_of(&answer(operation, &request, |_| Some(BROKEN[1].to_vec())));
        status_of(&answer(operation, &request, |_| Some(BROKEN[2].to_vec())));
    }
}

#[test]
fn a_ledger_at_the_end_of_its_numbers_is_malformed() {
    for operation in Operation::ALL {
        if operation == Operation::ResourceFee {
            continue;
        }
        let answer = answer(operation, &request(operation, u32::MAX - 1), lookup);
        assert_eq!(status_of(&answer), status::MALFORMED, "{operation:?}");
    }
}

#[test]
fn settings_are_read_once_until_they_are_forgotten() {
    let fee = request(Operation::ResourceFee, 0);
    assert_eq!(
        status_of(&answer(Operation::ResourceFee, &fee, lookup)),
        status::OK
    );
    assert_eq!(
        status_of(&answer(Operation::ResourceFee, &fee, |_| None)),
        status::OK
    );
    reset();
    assert_eq!(
        status_of(&answer(Operation::ResourceFee, &fee, |_| None)),
        status::UNUSABLE_LEDGER
    );
}
