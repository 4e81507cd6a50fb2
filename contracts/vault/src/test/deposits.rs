use super::world::{MIN_DEPOSIT, USDC, World, config, refused};
use crate::{AccountView, Error};

#[test]
fn a_deposit_moves_the_tokens_and_credits_the_named_account() {
    let w = World::new();
    let [consumer, sponsor] = w.people();
    w.mint(&sponsor, 9 * USDC);

    w.vault.deposit(&sponsor, &consumer, &(4 * USDC));

    let credited = AccountView {
        balance: 4 * USDC,
        deposited: 4 * USDC,
        settled: 0,
        withdrawn: 0,
        requested: 0,
        unlock_at: 0,
        limit: config().default_limit,
        pending_limit: None,
        pending_limit_at: 0,
        period: 0,
        used: 0,
    };
    assert_eq!(w.vault.account(&consumer), credited);
    assert_eq!(w.balance(&sponsor), 0);
    assert_eq!(w.token.balance(&sponsor), 5 * USDC);
    assert_eq!((w.held(), w.vault.liabilities()), (4 * USDC, 4 * USDC));
}

#[test]
fn deposits_add_up() {
    let w = World::new();
    let [consumer] = w.consumers(7 * USDC);
    w.deposit(&consumer, MIN_DEPOSIT);
    w.deposit(&consumer, 13);
    assert_eq!(w.vault.account(&consumer).deposited, 7 * USDC + MIN_DEPOSIT + 13);
    assert_eq!(w.balance(&consumer), 7 * USDC + MIN_DEPOSIT + 13);
    assert_eq!(w.vault.liabilities(), w.held());
}

#[test]
fn amounts_outside_the_range_are_refused() {
    let w = World::new();
    let [consumer] = w.people();
    w.mint(&consumer, i64::MAX as i128);
    for (amount, error) in [
        (0, Error::InvalidAmount),
        (-1, Error::InvalidAmount),
        (i128::MIN, Error::InvalidAmount),
        (i64::MAX as i128 + 1, Error::InvalidAmount),
        (i128::MAX, Error::InvalidAmount),
        (MIN_DEPOSIT - 1, Error::BelowMinDeposit),
    ] {
        refused(w.vault.try_deposit(&consumer, &consumer, &amount), error);
        refused(w.vault.try_deposit_once(&consumer, &consumer, &amount, &1), error);
    }
    w.vault.deposit(&consumer, &consumer, &(i64::MAX as i128));
    assert_eq!(w.balance(&consumer), i64::MAX as i128);
}

#[test]
fn the_vault_itself_is_no_account() {
    let w = World::new();
    let [consumer] = w.people();
    w.mint(&consumer, USDC);
    refused(w.vault.try_deposit(&consumer, &w.vault.address, &USDC), Error::InvalidAddress);
}

#[test]
fn a_deposit_without_the_tokens_credits_nothing() {
    let w = World::new();
    let [consumer] = w.people();
    w.mint(&consumer, USDC - 1);
    assert!(w.vault.try_deposit(&consumer, &consumer, &USDC).is_err());
    assert!(w.vault.try_deposit_once(&consumer, &consumer, &USDC, &5).is_err());
    assert_eq!((w.balance(&consumer), w.vault.liabilities(), w.held()), (0, 0, 0));
    assert!(!w.vault.forwarded(&consumer, &5), "the id was not used up");
}

#[test]
fn an_id_counts_once_per_sender_in_any_order() {
    let w = World::new();
    let [one, other, consumer] = w.people();
    w.mint(&one, 10 * USDC);
    w.mint(&other, 10 * USDC);
    for id in [7, 3, u64::MAX, 0] {
        assert!(!w.vault.forwarded(&one, &id));
        w.vault.deposit_once(&one, &consumer, &USDC, &id);
        assert!(w.vault.forwarded(&one, &id));
        refused(w.vault.try_deposit_once(&one, &consumer, &USDC, &id), Error::AlreadyForwarded);
        refused(w.vault.try_deposit_once(&one, &other, &(2 * USDC), &id), Error::AlreadyForwarded);
    }
    assert_eq!(w.balance(&consumer), 4 * USDC);

    assert!(!w.vault.forwarded(&other, &7));
    w.vault.deposit_once(&other, &consumer, &USDC, &7);
    assert_eq!(w.balance(&consumer), 5 * USDC);
}

#[test]
fn paused_deposits_are_refused_and_use_no_id() {
    let w = World::new();
    let [consumer] = w.people();
    w.mint(&consumer, USDC);
    w.vault.pause(&w.admin, &1);
    refused(w.vault.try_deposit(&consumer, &consumer, &USDC), Error::DepositsPaused);
    refused(w.vault.try_deposit_once(&consumer, &consumer, &USDC, &1), Error::DepositsPaused);

    w.vault.unpause(&1);
    w.vault.deposit_once(&consumer, &consumer, &USDC, &1);
    assert_eq!(w.balance(&consumer), USDC);
}

#[test]
fn pausing_settle_leaves_deposits_open() {
    let w = World::new();
    w.vault.pause(&w.admin, &2);
    let [consumer] = w.consumers(USDC);
    assert_eq!(w.balance(&consumer), USDC);
}
