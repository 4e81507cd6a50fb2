//! Every event: its name, topics and fields, as a reader of the chain meets them.
use std::string::String;
use std::vec::Vec as List;

use soroban_sdk::xdr::ScVal;
use soroban_sdk::{Address, BytesN, IntoVal, TryFromVal, Val};

use super::upgrades::upload;
use super::world::{DAY_S, Event, START, USDC, World, config};
use crate::AccountView;

impl World {
    /// The event of the last call, which announced nothing else.
    fn announced(&self, name: &str) -> Event {
        let mut events = self.events();
        assert_eq!(events.len(), 1, "{name}: one change, one event");
        assert_eq!(events[0].name, name);
        events.remove(0)
    }

    fn wire<T: IntoVal<soroban_sdk::Env, Val>>(&self, value: T) -> ScVal {
        ScVal::try_from_val(&self.env, &value.into_val(&self.env)).unwrap()
    }
}

impl Event {
    /// The fields in alphabetical order, as the host sorts them.
    fn is(&self, topics: &[ScVal], data: &[(&str, ScVal)]) {
        assert_eq!(self.topics, topics, "{}", self.name);
        let expected: List<(String, ScVal)> = data.iter().map(|(name, value)| ((*name).into(), value.clone())).collect();
        assert_eq!(self.data, expected, "{}", self.name);
    }
}

#[test]
fn deposits_tell_account_sender_amount_id_and_state() {
    let w = World::new();
    let [sender, consumer] = w.people();
    w.mint(&sender, 3 * USDC);
    for (id, deposited) in [(None, USDC), (Some(u64::MAX), 2 * USDC)] {
        match id {
            None => w.vault.deposit(&sender, &consumer, &USDC),
            Some(id) => w.vault.deposit_once(&sender, &consumer, &USDC, &id),
        }
        let event = w.announced("deposit");
        let state = w.vault.account(&consumer);
        assert_eq!(state.deposited, deposited);
        event.is(
            &[w.wire(&consumer)],
            &[("amount", w.wire(USDC)), ("from", w.wire(&sender)), ("id", w.wire(id)), ("state", w.wire(state))],
        );
    }
}

#[test]
fn withdrawals_tell_request_cancellation_and_payment() {
    let w = World::new();
    let [consumer] = w.consumers(10 * USDC);
    let [wallet] = w.people();
    let unlock_at = START + DAY_S;

    w.vault.request_withdraw(&consumer, &USDC);
    let event = w.announced("withdraw_requested");
    let state = w.vault.account(&consumer);
    assert_eq!((state.requested, state.unlock_at), (USDC, unlock_at));
    event.is(&[w.wire(&consumer)], &[("amount", w.wire(USDC)), ("state", w.wire(state)), ("unlock_at", w.wire(unlock_at))]);

    w.vault.cancel_withdraw(&consumer);
    let event = w.announced("withdraw_cancelled");
    event.is(&[w.wire(&consumer)], &[("state", w.wire(w.vault.account(&consumer)))]);

    w.vault.withdraw_now(&consumer, &wallet, &USDC);
    let cooperative = w.announced("withdrawn");
    let after_cooperative = w.vault.account(&consumer);
    w.vault.request_withdraw(&consumer, &USDC);
    w.pass(DAY_S);
    w.vault.withdraw(&consumer, &wallet);
    let unilateral = w.announced("withdrawn");
    let after_unilateral = w.vault.account(&consumer);
    for (event, cooperative, state) in [(cooperative, true, after_cooperative), (unilateral, false, after_unilateral)] {
        event.is(
            &[w.wire(&consumer)],
            &[("amount", w.wire(USDC)), ("cooperative", w.wire(cooperative)), ("state", w.wire(state)), ("to", w.wire(&wallet))],
        );
    }
}

#[test]
fn a_withdrawal_of_nothing_still_tells_that_the_request_is_over() {
    let w = World::new();
    let [consumer] = w.consumers(USDC);
    let [payee] = w.payees();
    w.vault.request_withdraw(&consumer, &USDC);
    w.settle(0, &[(&payee, &[(&consumer, USDC)])]);
    w.pass(DAY_S);
    w.vault.withdraw(&consumer, &consumer);
    let event = w.announced("withdrawn");
    assert_eq!(event.field("amount"), &w.wire(0_i128));
    let state = AccountView::try_from_val(&w.env, &Val::try_from_val(&w.env, event.field("state")).unwrap()).unwrap();
    assert_eq!((state.requested, state.balance), (0, 0));
}

#[test]
fn limits_tell_what_was_asked_for_and_from_when() {
    let w = World::new();
    let [consumer] = w.consumers(USDC);
    for (limit, effective_at) in [(200 * USDC, START), (5, START + DAY_S)] {
        w.vault.set_limit(&consumer, &limit);
        let event = w.announced("limit_set");
        event.is(
            &[w.wire(&consumer)],
            &[("effective_at", w.wire(effective_at)), ("limit", w.wire(limit)), ("state", w.wire(w.vault.account(&consumer)))],
        );
    }
}

#[test]
fn a_batch_tells_its_roots_and_what_each_line_gave() {
    let w = World::new();
    let [consumer, other] = w.consumers(USDC);
    let [payee] = w.payees();
    w.settle(3, &[(&payee, &[(&consumer, 9 * USDC), (&other, 7)])]);
    let event = w.announced("settled");
    let lane = w.vault.last_batch(&3);
    let taken = soroban_sdk::vec![&w.env, USDC, 7_i128];
    event.is(
        &[w.wire(3_u32), w.wire(1_u64)],
        &[("chain", w.wire(lane.chain)), ("root", w.wire(w.root(1))), ("taken", w.wire(taken)), ("total", w.wire(USDC + 7))],
    );
}

#[test]
fn payouts_tell_who_earned_where_and_who_got_it() {
    let w = World::new();
    let [consumer] = w.consumers(USDC);
    let [payee] = w.payees();
    let [wallet] = w.people();
    w.settle(1, &[(&payee, &[(&consumer, USDC)])]);

    w.vault.set_payout(&payee, &wallet);
    w.announced("payout_set").is(&[w.wire(&payee)], &[("to", w.wire(&wallet))]);
    w.vault.claim(&payee, &1);
    w.announced("claimed")
        .is(&[w.wire(&payee)], &[("amount", w.wire(USDC - 37_000)), ("lane", w.wire(1_u32)), ("to", w.wire(&wallet))]);
    w.vault.collect_fee(&payee, &1);
    w.announced("fee_collected")
        .is(&[w.wire(&payee)], &[("amount", w.wire(37_000_i128)), ("lane", w.wire(1_u32)), ("to", w.wire(&w.treasury))]);
}

#[test]
fn administration_tells_every_change() {
    let w = World::new();
    let [someone] = w.people();
    let address = |address: &Address| w.wire(address);

    w.vault.add_payee(&someone);
    w.announced("payee_added").is(&[address(&someone)], &[]);
    w.vault.remove_payee(&someone);
    w.announced("payee_removed").is(&[address(&someone)], &[]);

    w.vault.pause(&w.operator, &1);
    w.announced("paused").is(&[], &[("by", address(&w.operator)), ("flags", w.wire(1_u32))]);
    w.vault.pause(&w.admin, &2);
    w.announced("paused").is(&[], &[("by", address(&w.admin)), ("flags", w.wire(3_u32))]);
    w.vault.unpause(&1);
    w.announced("unpaused").is(&[], &[("flags", w.wire(2_u32))]);

    w.vault.set_operator(&someone);
    w.announced("operator_set").is(&[], &[("operator", address(&someone))]);
    w.vault.set_treasury(&someone);
    w.announced("treasury_set").is(&[], &[("treasury", address(&someone))]);
    w.vault.propose_admin(&someone);
    w.announced("admin_proposed").is(&[], &[("admin", address(&someone))]);
    w.vault.accept_admin();
    w.announced("admin_accepted").is(&[], &[("admin", address(&someone))]);

    w.mint(&w.vault.address, 5);
    w.vault.sweep(&someone, &5);
    w.announced("swept").is(&[], &[("amount", w.wire(5_i128)), ("to", address(&someone))]);
}

#[test]
fn upgrades_tell_proposal_cancellation_application_and_migration() {
    let w = World::new();
    let hash: BytesN<32> = upload(&w.env);
    let apply_after = START + config().upgrade_delay_s;
    w.vault.propose_upgrade(&hash);
    w.announced("upgrade_proposed").is(
        &[],
        &[("apply_after", w.wire(apply_after)), ("expires_at", w.wire(apply_after + 7 * DAY_S)), ("hash", w.wire(&hash))],
    );
    w.vault.cancel_upgrade();
    w.announced("upgrade_cancelled").is(&[], &[("hash", w.wire(&hash))]);

    w.env.as_contract(&w.vault.address, || crate::storage::set_version(&w.env, 0));
    w.vault.migrate();
    w.announced("migrated").is(&[], &[("version", w.wire(1_u32))]);

    w.vault.propose_upgrade(&hash);
    w.pass(config().upgrade_delay_s);
    w.vault.apply_upgrade();
    assert_eq!(w.events().iter().filter(|event| event.name == "upgrade_applied").count(), 1);
}
