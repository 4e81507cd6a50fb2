use soroban_sdk::testutils::IssuerFlags;
use soroban_sdk::token::StellarAssetClient;

use super::world::{USDC, World, config, refused};
use crate::{Config, EarningsView, Error};

#[test]
fn a_claim_pays_the_net_and_leaves_the_fee_for_the_treasury() {
    let w = World::new();
    let [consumer] = w.consumers(100 * USDC);
    let [payee] = w.payees();
    w.settle(0, &[(&payee, &[(&consumer, 100 * USDC)])]);
    let fee = 100 * USDC * 37 / 10_000;

    assert_eq!(w.vault.claim(&payee, &0), 100 * USDC - fee);
    assert_eq!(w.token.balance(&payee), 100 * USDC - fee);
    assert_eq!((w.held(), w.vault.liabilities()), (fee, fee));
    assert_eq!(w.vault.collect_fee(&payee, &0), fee);
    assert_eq!(w.token.balance(&w.treasury), fee);
    assert_eq!((w.held(), w.vault.liabilities()), (0, 0));
    let paid = EarningsView { gross: 100 * USDC, net_paid: 100 * USDC - fee, fee_paid: fee };
    assert_eq!(w.vault.earnings(&payee, &0), paid);
}

#[test]
fn a_repeated_claim_pays_nothing_and_announces_nothing() {
    let w = World::new();
    let [consumer] = w.consumers(USDC);
    let [payee] = w.payees();
    let [stranger] = w.people();
    assert_eq!(w.vault.claim(&payee, &0), 0);
    w.settle(0, &[(&payee, &[(&consumer, USDC)])]);
    assert!(w.vault.claim(&payee, &0) > 0);
    assert!(w.vault.collect_fee(&payee, &0) > 0);
    for nobody in [&payee, &stranger] {
        assert_eq!(w.vault.claim(nobody, &0), 0);
        assert!(w.events().is_empty());
        assert_eq!(w.vault.collect_fee(nobody, &0), 0);
        assert!(w.events().is_empty());
    }
}

#[test]
fn earnings_of_lanes_are_apart() {
    let w = World::new();
    let [consumer] = w.consumers(10 * USDC);
    let [payee] = w.payees();
    w.settle(0, &[(&payee, &[(&consumer, 2 * USDC)])]);
    w.settle(3, &[(&payee, &[(&consumer, 5 * USDC)])]);
    assert_eq!(w.vault.claim(&payee, &1), 0);
    assert_eq!(w.vault.claim(&payee, &3), 5 * USDC - 5 * USDC * 37 / 10_000);
    assert_eq!(w.vault.earnings(&payee, &0).net_paid, 0);
}

#[test]
fn a_vault_without_fee_owes_the_treasury_nothing() {
    let w = World::with(Config { fee_bps: 0, ..config() });
    let [consumer] = w.consumers(USDC);
    let [payee] = w.payees();
    w.settle(0, &[(&payee, &[(&consumer, USDC)])]);
    assert_eq!(w.vault.collect_fee(&payee, &0), 0);
    assert_eq!(w.vault.claim(&payee, &0), USDC);
}

#[test]
fn a_vault_that_keeps_everything_owes_the_payee_nothing() {
    let w = World::with(Config { fee_bps: 10_000, ..config() });
    let [consumer] = w.consumers(USDC);
    let [payee] = w.payees();
    w.settle(0, &[(&payee, &[(&consumer, USDC)])]);
    assert_eq!(w.vault.claim(&payee, &0), 0);
    assert_eq!(w.vault.collect_fee(&payee, &0), USDC);
}

#[test]
fn a_payout_to_an_address_without_trustline_stays_owed() {
    let w = World::new();
    let [consumer] = w.consumers(USDC);
    let [wallet] = w.people();
    let payee = w.without_trustline();
    w.vault.add_payee(&payee);
    w.settle(0, &[(&payee, &[(&consumer, USDC)])]);

    refused(w.vault.try_claim(&payee, &0), Error::PayoutFailed);
    assert_eq!(w.vault.earnings(&payee, &0).net_paid, 0);
    assert_eq!((w.held(), w.vault.liabilities()), (USDC, USDC));

    w.vault.set_payout(&payee, &wallet);
    assert_eq!(w.vault.claim(&payee, &0), USDC - 37_000);
    assert_eq!(w.token.balance(&wallet), USDC - 37_000);
}

#[test]
fn a_payout_to_a_frozen_address_stays_owed_until_it_thaws() {
    let w = World::new();
    w.issuer.issuer().set_flag(IssuerFlags::RevocableFlag);
    let asset = StellarAssetClient::new(&w.env, &w.token.address);
    let [consumer] = w.consumers(USDC);
    let [payee] = w.payees();
    w.settle(0, &[(&payee, &[(&consumer, USDC)])]);

    asset.set_authorized(&payee, &false);
    refused(w.vault.try_claim(&payee, &0), Error::PayoutFailed);
    asset.set_authorized(&w.treasury, &false);
    refused(w.vault.try_collect_fee(&payee, &0), Error::PayoutFailed);
    assert_eq!((w.held(), w.vault.liabilities()), (USDC, USDC));

    asset.set_authorized(&payee, &true);
    asset.set_authorized(&w.treasury, &true);
    assert_eq!(w.vault.claim(&payee, &0) + w.vault.collect_fee(&payee, &0), USDC);
}

#[test]
fn a_payout_address_can_be_changed_and_taken_back() {
    let w = World::new();
    let [consumer] = w.consumers(9 * USDC);
    let [payee] = w.payees();
    let [wallet] = w.people();
    let earn = || w.settle(0, &[(&payee, &[(&consumer, USDC)])]);
    earn();
    w.vault.set_payout(&payee, &wallet);
    w.vault.claim(&payee, &0);
    assert_eq!((w.token.balance(&wallet), w.token.balance(&payee)), (USDC - 37_000, 0));
    earn();
    w.vault.set_payout(&payee, &payee);
    w.vault.set_payout(&payee, &payee);
    w.vault.claim(&payee, &0);
    assert_eq!((w.token.balance(&wallet), w.token.balance(&payee)), (USDC - 37_000, USDC - 37_000));
    refused(w.vault.try_set_payout(&payee, &w.vault.address), Error::InvalidAddress);
}

#[test]
fn the_fee_goes_to_the_treasury_of_the_moment() {
    let w = World::new();
    let [consumer] = w.consumers(2 * USDC);
    let [payee] = w.payees();
    let [later] = w.people();
    w.settle(0, &[(&payee, &[(&consumer, 2 * USDC)])]);
    w.vault.set_treasury(&later);
    w.vault.collect_fee(&payee, &0);
    assert_eq!((w.token.balance(&w.treasury), w.token.balance(&later)), (0, 74_000));
}

#[test]
fn payees_are_listed_and_removed() {
    let w = World::new();
    let [payee] = w.people();
    assert!(!w.vault.is_payee(&payee));
    refused(w.vault.try_remove_payee(&payee), Error::PayeeNotListed);
    w.vault.add_payee(&payee);
    assert!(w.vault.is_payee(&payee));
    refused(w.vault.try_add_payee(&payee), Error::PayeeListed);
    w.vault.remove_payee(&payee);
    assert!(!w.vault.is_payee(&payee));
    refused(w.vault.try_remove_payee(&payee), Error::PayeeNotListed);
    refused(w.vault.try_add_payee(&w.vault.address), Error::InvalidAddress);
}

#[test]
fn a_removed_payee_keeps_what_it_earned_and_can_be_listed_again() {
    let w = World::new();
    let [consumer] = w.consumers(10 * USDC);
    let [payee] = w.payees();
    let [wallet] = w.people();
    w.settle(0, &[(&payee, &[(&consumer, USDC)])]);
    w.vault.remove_payee(&payee);
    assert_eq!(w.settle(0, &[(&payee, &[(&consumer, USDC)])]), [-1]);
    w.vault.set_payout(&payee, &wallet);
    assert_eq!(w.vault.claim(&payee, &0), USDC - 37_000);

    w.vault.add_payee(&payee);
    assert_eq!(w.settle(0, &[(&payee, &[(&consumer, USDC)])]), [USDC]);
    assert_eq!(w.vault.earnings(&payee, &0).gross, 2 * USDC);
}
