use super::world::{DAY_S, DEFAULT_LIMIT, START, USDC, World, config, refused};
use crate::{Config, Error};

#[test]
fn an_account_starts_with_the_default_limit() {
    let w = World::new();
    let [stranger] = w.people();
    assert_eq!(w.vault.account(&stranger).limit, DEFAULT_LIMIT);
    refused(w.vault.try_set_limit(&stranger, &USDC), Error::AccountNotFound);

    let [consumer] = w.consumers(1_000 * USDC);
    let [payee] = w.payees();
    assert_eq!(w.settle(0, &[(&payee, &[(&consumer, 150 * USDC)])]), [DEFAULT_LIMIT]);
}

#[test]
fn a_limit_is_at_least_nothing_and_at_most_an_amount() {
    let w = World::new();
    let [consumer] = w.consumers(USDC);
    refused(w.vault.try_set_limit(&consumer, &-1), Error::InvalidAmount);
    refused(w.vault.try_set_limit(&consumer, &(i64::MAX as i128 + 1)), Error::InvalidAmount);
    w.vault.set_limit(&consumer, &(i64::MAX as i128));
    assert_eq!(w.vault.account(&consumer).limit, i64::MAX as i128);
    w.vault.set_limit(&consumer, &0);
    assert_eq!(w.vault.account(&consumer).pending_limit, Some(0));
}

#[test]
fn a_raise_binds_at_once() {
    let w = World::new();
    let [consumer] = w.consumers(1_000 * USDC);
    let [payee] = w.payees();
    w.settle(0, &[(&payee, &[(&consumer, 100 * USDC)])]);
    assert_eq!(w.settle(0, &[(&payee, &[(&consumer, USDC)])]), [0]);

    w.vault.set_limit(&consumer, &(130 * USDC));

    assert_eq!(w.settle(0, &[(&payee, &[(&consumer, 100 * USDC)])]), [30 * USDC]);
}

#[test]
fn a_cut_binds_settle_only_when_the_delay_is_over() {
    let w = World::new();
    let [consumer] = w.consumers(1_000 * USDC);
    let [payee] = w.payees();
    w.vault.set_limit(&consumer, &(10 * USDC));
    let account = w.vault.account(&consumer);
    assert_eq!((account.limit, account.pending_limit), (DEFAULT_LIMIT, Some(10 * USDC)));
    assert_eq!(account.pending_limit_at, START + DAY_S);

    w.pass(DAY_S - 1);
    assert_eq!(w.settle(0, &[(&payee, &[(&consumer, 60 * USDC)])]), [60 * USDC]);
    w.pass(1);
    assert_eq!(w.settle(0, &[(&payee, &[(&consumer, 60 * USDC)])]), [10 * USDC]);
    let account = w.vault.account(&consumer);
    assert_eq!((account.limit, account.pending_limit, account.pending_limit_at), (10 * USDC, None, 0));
}

#[test]
fn a_view_shows_a_cut_as_binding_from_its_second_on() {
    let w = World::new();
    let [consumer] = w.consumers(USDC);
    w.vault.set_limit(&consumer, &5);
    w.pass(DAY_S);
    let account = w.vault.account(&consumer);
    assert_eq!((account.limit, account.pending_limit, account.pending_limit_at), (5, None, 0));
}

#[test]
fn a_cut_below_what_was_used_leaves_nothing() {
    let w = World::with(Config { limit_period_s: 10 * DAY_S, ..config() });
    let [consumer] = w.consumers(1_000 * USDC);
    let [payee] = w.payees();
    assert_eq!(w.settle(0, &[(&payee, &[(&consumer, 40 * USDC)])]), [40 * USDC]);
    w.vault.set_limit(&consumer, &(5 * USDC));
    w.pass(DAY_S);
    assert_eq!(w.settle(0, &[(&payee, &[(&consumer, 40 * USDC)])]), [0], "still the same period");
    assert_eq!(w.vault.account(&consumer).used, 40 * USDC);
    w.pass(9 * DAY_S);
    assert_eq!(w.settle(0, &[(&payee, &[(&consumer, 40 * USDC)])]), [5 * USDC]);
}

#[test]
fn a_ripe_cut_is_folded_in_before_a_later_call_replaces_it() {
    let w = World::new();
    let [consumer] = w.consumers(USDC);
    w.vault.set_limit(&consumer, &50);
    w.pass(DAY_S);
    // Below the old limit of 100 USDC, but a raise from the 50 that bind now.
    w.vault.set_limit(&consumer, &80);
    assert_eq!((w.vault.account(&consumer).limit, w.vault.account(&consumer).pending_limit), (80, None));

    w.vault.set_limit(&consumer, &60);
    w.pass(DAY_S);
    w.vault.set_limit(&consumer, &30);
    let account = w.vault.account(&consumer);
    assert_eq!((account.limit, account.pending_limit), (60, Some(30)));
    assert_eq!(account.pending_limit_at, START + 3 * DAY_S);
}

#[test]
fn a_new_cut_replaces_a_waiting_one_and_restarts_the_wait() {
    let w = World::new();
    let [consumer] = w.consumers(USDC);
    w.vault.set_limit(&consumer, &50);
    w.pass(DAY_S - 1);
    w.vault.set_limit(&consumer, &60);
    w.pass(DAY_S - 1);
    assert_eq!(w.vault.account(&consumer).limit, DEFAULT_LIMIT);
    w.pass(1);
    assert_eq!(w.vault.account(&consumer).limit, 60);
}

#[test]
fn setting_the_binding_limit_again_cancels_a_waiting_cut() {
    let w = World::new();
    let [consumer] = w.consumers(USDC);
    w.vault.set_limit(&consumer, &50);
    w.vault.set_limit(&consumer, &DEFAULT_LIMIT);
    assert_eq!(w.vault.account(&consumer).pending_limit, None);
    w.pass(2 * DAY_S);
    let account = w.vault.account(&consumer);
    assert_eq!((account.limit, account.pending_limit, account.pending_limit_at), (DEFAULT_LIMIT, None, 0));
}

#[test]
fn the_limit_starts_anew_with_each_period() {
    let w = World::new();
    let [consumer] = w.consumers(1_000 * USDC);
    let [payee] = w.payees();
    w.pass(DAY_S - 1);
    assert_eq!(w.settle(0, &[(&payee, &[(&consumer, 70 * USDC)])]), [70 * USDC]);
    assert_eq!(w.settle(1, &[(&payee, &[(&consumer, 70 * USDC)])]), [30 * USDC], "lanes share the account's limit");
    assert_eq!(w.vault.account(&consumer).used, 100 * USDC);
    assert_eq!(w.vault.account(&consumer).period, START / DAY_S);

    w.pass(1);
    assert_eq!(w.settle(0, &[(&payee, &[(&consumer, 70 * USDC)])]), [70 * USDC]);
    let account = w.vault.account(&consumer);
    assert_eq!((account.period, account.used), (START / DAY_S + 1, 70 * USDC));

    w.pass(10 * DAY_S);
    assert_eq!(w.settle(0, &[(&payee, &[(&consumer, 170 * USDC)])]), [100 * USDC], "periods without use are not saved up");
}

#[test]
fn nothing_is_taken_under_a_limit_of_zero() {
    let w = World::new();
    let [consumer] = w.consumers(USDC);
    let [payee] = w.payees();
    w.vault.set_limit(&consumer, &0);
    w.pass(DAY_S);
    assert_eq!(w.settle(0, &[(&payee, &[(&consumer, 1)])]), [0]);
    assert_eq!(w.balance(&consumer), USDC);
}
