use super::world::{DAY_S, START, USDC, World, refused};
use crate::Error;

#[test]
fn a_requested_withdrawal_is_paid_when_the_delay_is_over() {
    let w = World::new();
    let [consumer] = w.consumers(10 * USDC);
    let [wallet] = w.people();
    w.vault.request_withdraw(&consumer, &(4 * USDC));
    let account = w.vault.account(&consumer);
    assert_eq!((account.requested, account.unlock_at), (4 * USDC, START + DAY_S));
    assert_eq!(account.balance, 10 * USDC, "a request moves nothing");

    w.pass(DAY_S - 1);
    refused(w.vault.try_withdraw(&consumer, &wallet), Error::StillLocked);
    w.pass(1);
    assert_eq!(w.vault.withdraw(&consumer, &wallet), 4 * USDC);

    let account = w.vault.account(&consumer);
    assert_eq!((account.balance, account.withdrawn), (6 * USDC, 4 * USDC));
    assert_eq!((account.requested, account.unlock_at), (0, 0));
    assert_eq!(w.token.balance(&wallet), 4 * USDC);
    assert_eq!((w.held(), w.vault.liabilities()), (6 * USDC, 6 * USDC));
    refused(w.vault.try_withdraw(&consumer, &wallet), Error::NoRequest);
}

#[test]
fn a_request_is_above_zero_and_within_the_balance() {
    let w = World::new();
    let [consumer] = w.consumers(USDC);
    let [stranger] = w.people();
    refused(w.vault.try_request_withdraw(&consumer, &0), Error::InvalidAmount);
    refused(w.vault.try_request_withdraw(&consumer, &-1), Error::InvalidAmount);
    refused(w.vault.try_request_withdraw(&consumer, &(USDC + 1)), Error::InsufficientBalance);
    refused(w.vault.try_request_withdraw(&stranger, &1), Error::AccountNotFound);
    w.vault.request_withdraw(&consumer, &USDC);
}

#[test]
fn a_new_request_replaces_the_old_one_and_restarts_the_delay() {
    let w = World::new();
    let [consumer] = w.consumers(10 * USDC);
    w.vault.request_withdraw(&consumer, &(2 * USDC));
    w.pass(DAY_S - 1);
    w.vault.request_withdraw(&consumer, &(9 * USDC));
    w.pass(DAY_S - 1);
    refused(w.vault.try_withdraw(&consumer, &consumer), Error::StillLocked);
    w.pass(1);
    assert_eq!(w.vault.withdraw(&consumer, &consumer), 9 * USDC);
}

#[test]
fn a_cancelled_request_cannot_be_withdrawn() {
    let w = World::new();
    let [consumer] = w.consumers(USDC);
    let [stranger] = w.people();
    refused(w.vault.try_cancel_withdraw(&consumer), Error::NoRequest);
    refused(w.vault.try_cancel_withdraw(&stranger), Error::AccountNotFound);
    w.vault.request_withdraw(&consumer, &USDC);
    w.vault.cancel_withdraw(&consumer);
    assert_eq!((w.vault.account(&consumer).requested, w.vault.account(&consumer).unlock_at), (0, 0));
    w.pass(DAY_S);
    refused(w.vault.try_withdraw(&consumer, &consumer), Error::NoRequest);
    refused(w.vault.try_withdraw(&stranger, &stranger), Error::AccountNotFound);
}

#[test]
fn requested_money_stays_settleable_and_the_rest_is_paid() {
    let w = World::new();
    let [consumer] = w.consumers(10 * USDC);
    let [payee] = w.payees();
    w.vault.request_withdraw(&consumer, &(8 * USDC));
    assert_eq!(w.settle(0, &[(&payee, &[(&consumer, 7 * USDC)])]), [7 * USDC]);
    assert_eq!(w.vault.account(&consumer).requested, 8 * USDC);
    w.pass(DAY_S);
    assert_eq!(w.vault.withdraw(&consumer, &consumer), 3 * USDC);
    assert_eq!(w.balance(&consumer), 0);
}

#[test]
fn a_request_that_settle_emptied_ends_without_a_payment() {
    let w = World::new();
    let [consumer] = w.consumers(USDC);
    let [payee] = w.payees();
    w.vault.request_withdraw(&consumer, &USDC);
    w.settle(0, &[(&payee, &[(&consumer, USDC)])]);
    w.pass(DAY_S);
    assert_eq!(w.vault.withdraw(&consumer, &consumer), 0);
    assert_eq!(w.vault.account(&consumer).requested, 0);
    assert_eq!(w.held(), USDC, "the payee's");
}

#[test]
fn a_cooperative_withdrawal_is_paid_at_once_and_lowers_the_request() {
    let w = World::new();
    let [consumer] = w.consumers(10 * USDC);
    let [wallet] = w.people();
    w.vault.request_withdraw(&consumer, &(8 * USDC));
    w.vault.withdraw_now(&consumer, &wallet, &USDC);
    let account = w.vault.account(&consumer);
    assert_eq!((account.balance, account.requested, account.unlock_at), (9 * USDC, 8 * USDC, START + DAY_S));

    w.vault.withdraw_now(&consumer, &wallet, &(4 * USDC));
    assert_eq!(w.vault.account(&consumer).requested, 5 * USDC, "no more than what is left");
    assert_eq!(w.token.balance(&wallet), 5 * USDC);

    w.vault.withdraw_now(&consumer, &wallet, &(5 * USDC));
    let account = w.vault.account(&consumer);
    assert_eq!((account.balance, account.requested, account.unlock_at), (0, 0, 0));
    assert_eq!((account.withdrawn, w.held(), w.vault.liabilities()), (10 * USDC, 0, 0));
}

#[test]
fn a_cooperative_withdrawal_stays_within_the_balance() {
    let w = World::new();
    let [consumer] = w.consumers(USDC);
    let [stranger] = w.people();
    refused(w.vault.try_withdraw_now(&consumer, &consumer, &0), Error::InvalidAmount);
    refused(w.vault.try_withdraw_now(&consumer, &consumer, &(USDC + 1)), Error::InsufficientBalance);
    refused(w.vault.try_withdraw_now(&stranger, &stranger, &1), Error::AccountNotFound);
}

#[test]
fn nothing_is_withdrawn_into_the_vault() {
    let w = World::new();
    let [consumer] = w.consumers(USDC);
    w.vault.request_withdraw(&consumer, &USDC);
    w.pass(DAY_S);
    refused(w.vault.try_withdraw(&consumer, &w.vault.address), Error::InvalidAddress);
    refused(w.vault.try_withdraw_now(&consumer, &w.vault.address, &USDC), Error::InvalidAddress);
}

#[test]
fn a_withdrawal_that_cannot_arrive_changes_nothing() {
    let w = World::new();
    let [consumer] = w.consumers(USDC);
    let nowhere = w.without_trustline();
    w.vault.request_withdraw(&consumer, &USDC);
    w.pass(DAY_S);
    assert!(w.vault.try_withdraw(&consumer, &nowhere).is_err());
    assert!(w.vault.try_withdraw_now(&consumer, &nowhere, &USDC).is_err());
    let account = w.vault.account(&consumer);
    assert_eq!((account.balance, account.requested, account.withdrawn), (USDC, USDC, 0));
    assert_eq!(w.vault.withdraw(&consumer, &consumer), USDC);
}

#[test]
fn a_pause_blocks_no_way_out() {
    let w = World::new();
    let [one, other] = w.consumers(10 * USDC);
    let [payee] = w.payees();
    w.settle(0, &[(&payee, &[(&one, 2 * USDC)])]);
    w.vault.pause(&w.operator, &3);

    w.vault.set_limit(&one, &1);
    w.vault.request_withdraw(&one, &(8 * USDC));
    w.vault.cancel_withdraw(&one);
    w.vault.request_withdraw(&one, &(8 * USDC));
    w.vault.withdraw_now(&other, &other, &(10 * USDC));
    w.pass(DAY_S);
    assert_eq!(w.vault.withdraw(&one, &one), 8 * USDC);
    w.vault.set_payout(&payee, &other);
    assert!(w.vault.claim(&payee, &0) > 0);
    assert!(w.vault.collect_fee(&payee, &0) > 0);
    assert_eq!((w.held(), w.vault.liabilities()), (0, 0));
}
