use std::panic::{AssertUnwindSafe, catch_unwind};
use std::string::String;

use soroban_sdk::testutils::Address as _;
use soroban_sdk::token::StellarAssetClient;
use soroban_sdk::{Address, Env};

use super::world::{DAY_S, USDC, World, config, empty_env, refused};
use crate::{Config, Error, Vault};

#[test]
fn a_new_vault_has_what_the_constructor_was_told() {
    let w = World::new();
    let info = w.vault.config();
    assert_eq!((info.admin, info.operator, info.treasury), (w.admin.clone(), w.operator.clone(), w.treasury.clone()));
    assert_eq!((info.token, info.config), (w.token.address.clone(), config()));
    assert_eq!((info.paused, info.pending_admin, info.pending_upgrade.0), (0, None, None));
    assert_eq!((info.version, w.vault.version(), w.vault.liabilities()), (1, 1, 0));
}

#[test]
fn a_configuration_outside_its_bounds_is_refused() {
    let amount_max = i64::MAX as i128;
    let bad = [
        Config { fee_bps: 10_001, ..config() },
        Config { withdraw_delay_s: 0, ..config() },
        Config { withdraw_delay_s: 30 * DAY_S + 1, upgrade_delay_s: 60 * DAY_S, ..config() },
        Config { withdraw_delay_s: DAY_S, upgrade_delay_s: DAY_S, ..config() },
        Config { upgrade_delay_s: 180 * DAY_S + 1, ..config() },
        Config { upgrade_delay_s: u64::MAX, ..config() },
        Config { default_limit: -1, ..config() },
        Config { default_limit: amount_max + 1, ..config() },
        Config { limit_period_s: 0, ..config() },
        Config { limit_period_s: 366 * DAY_S + 1, ..config() },
        Config { min_deposit: 0, ..config() },
        Config { min_deposit: amount_max + 1, ..config() },
        Config { lanes: 0, ..config() },
        Config { lanes: 257, ..config() },
    ];
    for config in bad {
        let shown = std::format!("{config:?}");
        assert_eq!(construction_fails(config), Some(Error::InvalidConfig as u32), "{shown}");
    }
    let extreme = [
        Config { fee_bps: 10_000, withdraw_delay_s: 1, upgrade_delay_s: 2, default_limit: 0, ..config() },
        Config { withdraw_delay_s: 30 * DAY_S, upgrade_delay_s: 180 * DAY_S, default_limit: amount_max, ..config() },
        Config { fee_bps: 0, limit_period_s: 1, min_deposit: 1, lanes: 1, ..config() },
        Config { limit_period_s: 366 * DAY_S, min_deposit: amount_max, lanes: 256, ..config() },
    ];
    for config in extreme {
        assert_eq!(construction_fails(config), None);
    }
}

#[test]
fn a_token_without_seven_decimals_is_refused() {
    let env = empty_env();
    let token = env.register(six_decimals::Token, ());
    assert_eq!(failure(|| build(&env, &token, config())), Some(Error::InvalidToken as u32));
}

mod six_decimals {
    use soroban_sdk::{Env, contract, contractimpl};

    #[contract]
    pub struct Token;

    #[contractimpl]
    impl Token {
        pub fn decimals(_env: Env) -> u32 {
            6
        }
    }
}

fn construction_fails(config: Config) -> Option<u32> {
    let env = empty_env();
    let token = env.register_stellar_asset_contract_v2(Address::generate(&env)).address();
    failure(|| build(&env, &token, config))
}

fn build(env: &Env, token: &Address, config: Config) {
    let [admin, operator, treasury] = [(); 3].map(|_| Address::generate(env));
    env.register(Vault, (admin, operator, token.clone(), treasury, config));
}

/// The number of the contract's error with which `act` panics.
fn failure(act: impl FnOnce()) -> Option<u32> {
    let panic = catch_unwind(AssertUnwindSafe(act)).err()?;
    let text = panic.downcast_ref::<String>().unwrap();
    let number = text.split("Error(Contract, #").nth(1).unwrap().split(')').next().unwrap();
    Some(number.parse().unwrap())
}

#[test]
fn operator_and_admin_can_pause_and_nobody_else() {
    let w = World::new();
    let [stranger] = w.people();
    refused(w.vault.try_pause(&stranger, &3), Error::NotPauser);
    refused(w.vault.try_pause(&w.treasury, &1), Error::NotPauser);
    w.vault.pause(&w.operator, &1);
    assert_eq!(w.vault.config().paused, 1);
    w.vault.pause(&w.admin, &2);
    assert_eq!(w.vault.config().paused, 3, "flags add up");
    w.vault.pause(&w.admin, &2);
    w.vault.unpause(&1);
    assert_eq!(w.vault.config().paused, 2, "flags go one by one");
    w.vault.unpause(&3);
    assert_eq!(w.vault.config().paused, 0);
}

#[test]
fn unknown_pause_flags_are_refused() {
    let w = World::new();
    for flags in [0, 4, 5, u32::MAX] {
        refused(w.vault.try_pause(&w.admin, &flags), Error::InvalidFlags);
        refused(w.vault.try_unpause(&flags), Error::InvalidFlags);
    }
}

#[test]
fn operator_and_treasury_change_at_once() {
    let w = World::new();
    let [operator, treasury] = w.people();
    w.vault.set_operator(&operator);
    w.vault.set_treasury(&treasury);
    let info = w.vault.config();
    assert_eq!((info.operator, info.treasury), (operator, treasury));
    refused(w.vault.try_pause(&w.operator, &1), Error::NotPauser);
}

#[test]
fn the_vault_has_no_role_in_itself() {
    let w = World::new();
    refused(w.vault.try_set_operator(&w.vault.address), Error::InvalidAddress);
    refused(w.vault.try_set_treasury(&w.vault.address), Error::InvalidAddress);
    refused(w.vault.try_propose_admin(&w.vault.address), Error::InvalidAddress);
}

#[test]
fn a_new_admin_must_accept() {
    let w = World::new();
    let [first, second] = w.people();
    refused(w.vault.try_accept_admin(), Error::NoPendingAdmin);
    w.vault.propose_admin(&first);
    w.vault.propose_admin(&second);
    assert_eq!((w.vault.config().admin, w.vault.config().pending_admin), (w.admin.clone(), Some(second.clone())));
    w.vault.accept_admin();
    assert_eq!((w.vault.config().admin, w.vault.config().pending_admin), (second, None));
    refused(w.vault.try_accept_admin(), Error::NoPendingAdmin);
}

#[test]
fn sweep_pays_out_only_what_belongs_to_nobody() {
    let w = World::new();
    let [consumer] = w.consumers(10 * USDC);
    let [payee] = w.payees();
    let [finder] = w.people();
    w.settle(0, &[(&payee, &[(&consumer, 4 * USDC)])]);
    refused(w.vault.try_sweep(&finder, &1), Error::NoSurplus);

    w.mint(&w.vault.address, 3 * USDC);
    refused(w.vault.try_sweep(&finder, &(3 * USDC + 1)), Error::NoSurplus);
    refused(w.vault.try_sweep(&finder, &0), Error::InvalidAmount);
    refused(w.vault.try_sweep(&finder, &-1), Error::InvalidAmount);
    refused(w.vault.try_sweep(&w.vault.address, &1), Error::InvalidAddress);
    w.vault.sweep(&finder, &(2 * USDC));
    w.vault.sweep(&finder, &USDC);
    refused(w.vault.try_sweep(&finder, &1), Error::NoSurplus);

    assert_eq!(w.token.balance(&finder), 3 * USDC);
    assert_eq!((w.held(), w.vault.liabilities()), (10 * USDC, 10 * USDC));
}

#[test]
fn sweep_refuses_while_the_vault_holds_less_than_it_owes() {
    use soroban_sdk::testutils::IssuerFlags;
    let w = World::new();
    w.issuer.issuer().set_flag(IssuerFlags::RevocableFlag);
    w.issuer.issuer().set_flag(IssuerFlags::ClawbackEnabledFlag);
    w.consumers::<1>(10 * USDC);
    StellarAssetClient::new(&w.env, &w.token.address).clawback(&w.vault.address, &USDC);
    assert!(w.held() < w.vault.liabilities());
    refused(w.vault.try_sweep(&w.admin, &1), Error::NoSurplus);
}
