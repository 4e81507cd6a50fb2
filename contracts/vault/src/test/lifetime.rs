//! How long entries live, who lengthens that, and that nothing is lost when time runs out.
use soroban_sdk::testutils::Ledger as _;
use soroban_sdk::testutils::storage::{Instance as _, Persistent as _};
use soroban_sdk::{Address, IntoVal, Symbol, Val, Vec, symbol_short};

use super::world::{DAY_S, USDC, World, refused};
use crate::Error;

const DAY: u32 = 17_280;
/// What the network gives a new persistent entry.
const NEW: u32 = 7 * DAY - 1;

// Keys as they stand on the ledger: who builds footprints relies on them.

fn account_key(account: &Address) -> (Symbol, Address) {
    (symbol_short!("Account"), account.clone())
}

fn payee_key(payee: &Address) -> (Symbol, Address) {
    (symbol_short!("Payee"), payee.clone())
}

fn earnings_key(payee: &Address, lane: u32) -> (Symbol, Address, u32) {
    (symbol_short!("Earnings"), payee.clone(), lane)
}

fn lane_key(lane: u32) -> (Symbol, u32) {
    (symbol_short!("Lane"), lane)
}

fn forwarded_key(from: &Address, id: u64) -> (Symbol, Address, u64) {
    (symbol_short!("Forwarded"), from.clone(), id)
}

impl World {
    fn ttl<K: IntoVal<soroban_sdk::Env, Val>>(&self, key: K) -> u32 {
        self.env.as_contract(&self.vault.address, || self.env.storage().persistent().get_ttl(&key))
    }

    fn contract_ttl(&self) -> (u32, u32) {
        let instance = self.env.as_contract(&self.vault.address, || self.env.storage().instance().get_ttl());
        (instance, self.ttl(symbol_short!("Liability")))
    }

    fn pass_ledgers(&self, ledgers: u32) {
        self.env.ledger().with_mut(|ledger| {
            ledger.sequence_number += ledgers;
            ledger.timestamp += 5 * ledgers as u64;
        });
    }
}

#[test]
fn the_deployer_pays_for_the_contracts_first_30_days() {
    let w = World::new();
    assert_eq!(w.contract_ttl(), (30 * DAY, 30 * DAY));
}

#[test]
fn a_deposit_lengthens_the_life_of_its_account_below_15_days_and_not_above() {
    let w = World::new();
    let [consumer, other] = w.consumers(USDC);
    assert_eq!(w.ttl(account_key(&consumer)), 30 * DAY);
    w.pass_ledgers(15 * DAY - 1);
    w.deposit(&consumer, USDC);
    assert_eq!(w.ttl(account_key(&consumer)), 15 * DAY + 1);
    w.pass_ledgers(1);
    w.deposit(&consumer, USDC);
    assert_eq!(w.ttl(account_key(&consumer)), 30 * DAY);
    assert_eq!(w.ttl(account_key(&other)), 15 * DAY, "nobody pays for others");
}

#[test]
fn a_deposit_lengthens_the_contracts_life_only_in_its_last_week() {
    let w = World::new();
    w.pass_ledgers(23 * DAY - 1);
    w.consumers::<1>(USDC);
    assert_eq!(w.contract_ttl(), (7 * DAY + 1, 7 * DAY + 1));
    w.pass_ledgers(1);
    w.consumers::<1>(USDC);
    assert_eq!(w.contract_ttl(), (14 * DAY, 14 * DAY));
}

#[test]
fn settle_lengthens_nothing() {
    let w = World::new();
    let [consumer] = w.consumers(USDC);
    let [payee] = w.payees();
    w.pass_ledgers(6 * DAY);
    w.settle(0, &[(&payee, &[(&consumer, 1)])]);
    w.pass_ledgers(DAY / 2);
    w.settle(0, &[(&payee, &[(&consumer, 1)])]);
    assert_eq!(w.ttl(payee_key(&payee)), NEW - 13 * DAY / 2);
    assert_eq!(w.ttl(earnings_key(&payee, 0)), NEW - DAY / 2);
    assert_eq!(w.ttl(lane_key(0)), NEW - DAY / 2);
    assert_eq!(w.ttl(account_key(&consumer)), 30 * DAY - 13 * DAY / 2);
    assert_eq!(w.contract_ttl().0, 30 * DAY - 13 * DAY / 2);
}

#[test]
fn an_id_still_counts_when_its_record_was_archived() {
    let w = World::new();
    let [sender] = w.people();
    w.mint(&sender, 9 * USDC);
    w.vault.deposit_once(&sender, &sender, &USDC, &7);
    assert_eq!(w.ttl(forwarded_key(&sender, 7)), NEW);
    w.pass_ledgers(29 * DAY);
    // The record is archived by now and comes back with the call that touches it.
    refused(w.vault.try_deposit_once(&sender, &sender, &USDC, &7), Error::AlreadyForwarded);
    assert!(w.vault.forwarded(&sender, &7));
}

#[test]
fn archived_money_comes_back_whole() {
    let w = World::new();
    let [consumer] = w.consumers(10 * USDC);
    let [payee] = w.payees();
    w.settle(0, &[(&payee, &[(&consumer, USDC)])]);
    w.vault.request_withdraw(&consumer, &(9 * USDC));
    w.pass_ledgers(100 * DAY);

    assert_eq!(w.settle(0, &[(&payee, &[(&consumer, USDC)])]), [USDC]);
    assert_eq!(w.vault.last_batch(&0).batch, 2);
    assert_eq!(w.vault.withdraw(&consumer, &consumer), 8 * USDC);
    assert_eq!(w.vault.claim(&payee, &0), 2 * USDC - 74_000);
    assert_eq!(w.vault.liabilities(), 74_000);
}

#[test]
fn entries_have_the_shape_that_is_documented() {
    let w = World::new();
    let [consumer] = w.consumers(USDC);
    let [payee] = w.payees();
    w.settle(2, &[(&payee, &[(&consumer, 7)])]);
    w.vault.set_limit(&consumer, &USDC);
    w.vault.set_payout(&payee, &consumer);
    w.vault.set_payout(&payee, &payee);
    w.env.as_contract(&w.vault.address, || {
        let storage = w.env.storage().persistent();
        let account: Vec<Val> = storage.get(&account_key(&consumer)).unwrap();
        let limit = 100 * USDC;
        let start = super::world::START;
        let expected: Vec<Val> =
            (USDC, 7_i128, 0_i128, 0_i128, 0_u64, limit, Some(USDC), start + DAY_S, start / DAY_S, 7_i128).into_val(&w.env);
        assert_eq!(account.len(), expected.len());
        for (value, expected) in account.iter().zip(expected.iter()) {
            assert_eq!(std::format!("{value:?}"), std::format!("{expected:?}"));
        }
        let earnings: (i128, i128, i128) = storage.get(&earnings_key(&payee, 2)).unwrap();
        assert_eq!(earnings, (7, 0, 0));
        assert!(storage.has(&lane_key(2)) && !storage.has(&lane_key(0)), "lanes are made when first used");
        assert!(storage.has(&payee_key(&payee)));
        assert!(!storage.has(&(symbol_short!("Payout"), payee.clone())), "the default has no entry");
        assert_eq!(storage.get::<_, i128>(&symbol_short!("Liability")), Some(USDC));
    });
}
