//! What a batch costs on the network, and that it fits. `cargo test -p vault costs -- --nocapture` prints the table.
use std::format;
use std::println;
use std::string::String;
use std::vec::Vec as List;

use soroban_sdk::testutils::{Address as _, Ledger as _};
use soroban_sdk::xdr::{Limits, ScVal, WriteXdr};
use soroban_sdk::{Address, TryFromVal, Val};

use super::world::{USDC, World};

/// Ledgers.
const DAY: u32 = 17_280;

/// The public network's limits for one transaction.
const INSTRUCTIONS: i64 = 400_000_000;
const FOOTPRINT_ENTRIES: u32 = 400;
const WRITE_ENTRIES: u32 = 200;
const WRITE_BYTES: u32 = 132_096;
const EVENT_BYTES: u32 = 16_384;
const MEMORY_BYTES: i64 = 41_943_040;
const TRANSACTION_BYTES: usize = 132_096;

/// A test's signature writes a nonce. An operator that is the transaction's source needs none.
const NONCES: u32 = 1;

/// The compiled contract, which costs what it costs on the network. Where it has not been built, the same code runs natively
/// and costs less: the limits are checked all the same.
fn world() -> (World, &'static str) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../dist/vault.wasm");
    match std::fs::read(path) {
        Ok(wasm) => (World::from_wasm(&wasm), "the compiled contract"),
        Err(_) => (World::new(), "native code, for lack of dist/vault.wasm: expect more on the network"),
    }
}

struct Cost {
    accounts: usize,
    payees: usize,
    lines: usize,
    instructions: i64,
    writes: u32,
    write_bytes: u32,
    event_bytes: u32,
    argument_bytes: usize,
    fee_stroops: i64,
}

impl Cost {
    fn row(&self) -> String {
        format!(
            "| {} | {} | {} | {:.1} M | {} | {} | {} | {} | {:.4} |",
            self.accounts,
            self.payees,
            self.lines,
            self.instructions as f64 / 1e6,
            self.writes,
            self.write_bytes,
            self.event_bytes,
            self.argument_bytes,
            self.fee_stroops as f64 / 1e7,
        )
    }
}

/// Settles one line per account, dealt out to the payees in turn; with `all_pairs` one line per account and payee.
fn measure(accounts: usize, payees: usize, all_pairs: bool) -> Cost {
    let (w, _) = world();
    let mut consumers: List<Address> = (0..accounts).map(|_| Address::generate(&w.env)).collect();
    let mut receivers: List<Address> = (0..payees).map(|_| Address::generate(&w.env)).collect();
    consumers.sort();
    receivers.sort();
    for consumer in &consumers {
        w.deposit(consumer, 50 * USDC);
    }
    for receiver in &receivers {
        w.vault.add_payee(receiver);
    }
    let groups: List<(&Address, List<(&Address, i128)>)> = receivers
        .iter()
        .enumerate()
        .map(|(turn, receiver)| {
            let mine = |index: usize| all_pairs || index % payees == turn;
            let lines = consumers.iter().enumerate().filter(|(index, _)| mine(*index));
            (receiver, lines.map(|(_, consumer)| (consumer, USDC)).collect())
        })
        .collect();
    let groups: List<_> = groups.iter().map(|(receiver, lines)| (*receiver, lines.as_slice())).collect();
    let lines = groups.iter().map(|(_, lines)| lines.len()).sum();
    // Once before, so that no entry is new, as in the life of a vault.
    w.settle(0, &groups);
    let taken = w.settle(0, &groups);
    assert_eq!(taken, std::vec![USDC; lines], "every line moved money");

    let resources = w.env.cost_estimate().resources();
    let fee = w.env.cost_estimate().fee();
    // The nonce of the test's signature lives half a year; an operator's expires within minutes, or there is none.
    let fee_stroops = fee.total - fee.temporary_entry_rent;
    assert!(resources.instructions < INSTRUCTIONS);
    assert!(resources.mem_bytes < MEMORY_BYTES);
    assert!(resources.write_entries <= WRITE_ENTRIES);
    assert!(resources.write_bytes < WRITE_BYTES);
    assert!(resources.contract_events_size_bytes < EVENT_BYTES);
    // Counts an entry that is read and written twice, so this is stricter than the network.
    assert!(resources.memory_read_entries + resources.write_entries <= FOOTPRINT_ENTRIES);
    let charges: Val = w.charges(&groups).into();
    let argument_bytes = ScVal::try_from_val(&w.env, &charges).unwrap().to_xdr(Limits::none()).unwrap().len();
    // In the envelope the arguments stand twice (call and signature), beside some 80 bytes per entry of the footprint.
    let envelope = 2 * argument_bytes + 100 * (accounts + 2 * payees) + 1_000;
    assert!(envelope < TRANSACTION_BYTES, "{envelope}");
    Cost {
        accounts,
        payees,
        lines,
        instructions: resources.instructions,
        writes: resources.write_entries - NONCES,
        write_bytes: resources.write_bytes,
        event_bytes: resources.contract_events_size_bytes,
        argument_bytes,
        fee_stroops,
    }
}

#[test]
fn batches_fit_the_networks_limits() {
    println!("settle, {}", world().1);
    println!(
        "| accounts | payees | lines | instructions | write entries | write bytes | events + return bytes | argument bytes | fee, XLM |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for accounts in [1, 50, 100, 150] {
        for payees in [1, 10] {
            if payees <= accounts {
                println!("{}", measure(accounts, payees, false).row());
            }
        }
    }
    // The most the gateway puts into one batch: 400 lines over 100 entries; and about what write entries allow.
    println!("{}", measure(1, 10, true).row());
    println!("{}", measure(40, 10, true).row());
    println!("{}", measure(190, 1, false).row());
}

#[test]
fn write_entries_are_one_per_account_and_payee_and_one_for_the_lane() {
    assert_eq!(measure(20, 4, true).writes, 20 + 4 + 1);
}

mod keeper {
    use soroban_sdk::{Address, Env, contract, contractimpl};

    /// Pays the rent of a contract's code, as anyone may.
    #[contract]
    pub struct Keeper;

    #[contractimpl]
    impl Keeper {
        pub fn keep(env: Env, contract: Address, ledgers: u32) {
            env.deployer().extend_ttl_for_code(contract, ledgers, ledgers);
        }
    }
}

#[test]
fn no_deposit_pays_the_rent_of_the_code() {
    let (w, _) = world();
    let consumer = Address::generate(&w.env);
    w.mint(&consumer, 100 * USDC);
    let row = |what: &str, rent: i64| println!("| {what} | {:.4} |", rent as f64 / 1e7);
    let deposit = |what: &str, after_days: u32| {
        w.env.ledger().with_mut(|ledger| ledger.sequence_number += after_days * DAY);
        w.vault.deposit(&consumer, &consumer, &USDC);
        let rent = w.env.cost_estimate().fee().persistent_entry_rent;
        row(what, rent);
        assert!(rent < 5_000_000, "{what}: {rent} stroops");
        rent
    };
    println!("| rent of, at 12,000 stroops per KB | XLM |");
    println!("|---|---|");
    let keeper = keeper::KeeperClient::new(&w.env, &w.env.register(keeper::Keeper, ()));
    keeper.keep(&w.vault.address, &(37 * DAY));
    // The estimate leaves out that the network takes a third for code. 37 days, of which the upload paid seven.
    row("the code, 30 days", w.env.cost_estimate().fee().persistent_entry_rent / 3);
    deposit("an account's first deposit, with the token's own entries", 0);
    deposit("a deposit when all have long to live", 1);
    deposit("a deposit that finds the account with less than 15 days", 15);
    deposit("a deposit that finds the contract, too, with less than 7 days", 15);
}
