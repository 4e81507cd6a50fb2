//! Roles, pause, upgrades and the tokens that belong to nobody.
use soroban_sdk::{Address, BytesN, Env, contracttype, token::TokenClient};

use crate::errors::{Error, ensure, ensure_amount, ensure_foreign, refuse};
use crate::events::{
    AdminAccepted, AdminProposed, Migrated, OperatorSet, Paused, Swept, TreasurySet, Unpaused, UpgradeApplied, UpgradeCancelled,
    UpgradeProposed,
};
use crate::optional;
use crate::storage::{self, STORAGE_VERSION};

pub const PAUSE_DEPOSITS: u32 = 1;
pub const PAUSE_SETTLE: u32 = 2;
const PAUSE_ALL: u32 = PAUSE_DEPOSITS | PAUSE_SETTLE;

const DAY_S: u64 = 86_400;
/// An exit that takes longer is no exit.
const WITHDRAW_DELAY_MAX_S: u64 = 30 * DAY_S;
const UPGRADE_DELAY_MAX_S: u64 = 180 * DAY_S;
const LIMIT_PERIOD_MAX_S: u64 = 366 * DAY_S;
const FEE_BPS_MAX: u32 = 10_000;
const LANES_MAX: u32 = 256;
/// Money is counted in units of 1e-7 everywhere.
const TOKEN_DECIMALS: u32 = 7;
/// How long a ripe upgrade can be applied. After it, everyone who relies on the delay gets a new delay.
const UPGRADE_WINDOW_S: u64 = 7 * DAY_S;

/// Fixed at deployment, for the life of the contract. Amounts in units of 1e-7 USDC.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    pub fee_bps: u32,
    pub withdraw_delay_s: u64,
    pub upgrade_delay_s: u64,
    pub default_limit: i128,
    pub limit_period_s: u64,
    pub min_deposit: i128,
    pub lanes: u32,
}

/// An upgrade that waits: it can be applied from `apply_after` to `expires_at`, seconds since 1970.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PendingUpgrade {
    pub hash: BytesN<32>,
    pub apply_after: u64,
    pub expires_at: u64,
}

#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VaultInfo {
    pub admin: Address,
    pub operator: Address,
    pub token: Address,
    pub treasury: Address,
    pub config: Config,
    pub paused: u32,
    pub pending_admin: Option<Address>,
    pub pending_upgrade: optional::Option<PendingUpgrade>,
    pub version: u32,
}

pub fn construct(env: &Env, admin: Address, operator: Address, token: Address, treasury: Address, config: Config) {
    ensure(env, within_bounds(&config), Error::InvalidConfig);
    for role in [&admin, &operator, &token, &treasury] {
        ensure_foreign(env, role);
    }
    ensure(env, TokenClient::new(env, &token).decimals() == TOKEN_DECIMALS, Error::InvalidToken);
    storage::set_admin(env, &admin);
    storage::set_operator(env, &operator);
    storage::set_token(env, &token);
    storage::set_treasury(env, &treasury);
    storage::set_config(env, &config);
    storage::set_paused(env, 0);
    storage::set_version(env, STORAGE_VERSION);
    storage::change_liabilities(env, 0);
    storage::extend_at_deploy(env);
}

fn within_bounds(config: &Config) -> bool {
    config.fee_bps <= FEE_BPS_MAX
        && config.withdraw_delay_s >= 1
        && config.withdraw_delay_s <= WITHDRAW_DELAY_MAX_S
        && config.upgrade_delay_s > config.withdraw_delay_s
        && config.upgrade_delay_s <= UPGRADE_DELAY_MAX_S
        && config.default_limit >= 0
        && config.default_limit <= i64::MAX as i128
        && config.limit_period_s >= 1
        && config.limit_period_s <= LIMIT_PERIOD_MAX_S
        && config.min_deposit >= 1
        && config.min_deposit <= i64::MAX as i128
        && config.lanes >= 1
        && config.lanes <= LANES_MAX
}

pub fn info(env: &Env) -> VaultInfo {
    VaultInfo {
        admin: storage::admin(env),
        operator: storage::operator(env),
        token: storage::token(env),
        treasury: storage::treasury(env),
        config: storage::config(env),
        paused: storage::paused(env),
        pending_admin: storage::pending_admin(env),
        pending_upgrade: optional::Option(storage::pending_upgrade(env)),
        version: storage::version(env),
    }
}

pub fn ensure_admin(env: &Env) {
    storage::admin(env).require_auth();
}

pub fn ensure_running(env: &Env, flag: u32, error: Error) {
    ensure(env, storage::paused(env) & flag == 0, error);
}

pub fn pause(env: &Env, caller: &Address, flags: u32) {
    caller.require_auth();
    let may_pause = *caller == storage::operator(env) || *caller == storage::admin(env);
    ensure(env, may_pause, Error::NotPauser);
    ensure_flags(env, flags);
    let flags = storage::paused(env) | flags;
    storage::set_paused(env, flags);
    Paused { by: caller.clone(), flags }.publish(env);
}

pub fn unpause(env: &Env, flags: u32) {
    ensure_admin(env);
    ensure_flags(env, flags);
    let flags = storage::paused(env) & !flags;
    storage::set_paused(env, flags);
    Unpaused { flags }.publish(env);
}

fn ensure_flags(env: &Env, flags: u32) {
    ensure(env, flags != 0 && flags & !PAUSE_ALL == 0, Error::InvalidFlags);
}

pub fn set_operator(env: &Env, operator: &Address) {
    ensure_admin(env);
    ensure_foreign(env, operator);
    storage::set_operator(env, operator);
    OperatorSet { operator: operator.clone() }.publish(env);
}

pub fn set_treasury(env: &Env, treasury: &Address) {
    ensure_admin(env);
    ensure_foreign(env, treasury);
    storage::set_treasury(env, treasury);
    TreasurySet { treasury: treasury.clone() }.publish(env);
}

pub fn propose_admin(env: &Env, admin: &Address) {
    ensure_admin(env);
    ensure_foreign(env, admin);
    storage::set_pending_admin(env, Some(admin));
    AdminProposed { admin: admin.clone() }.publish(env);
}

pub fn accept_admin(env: &Env) {
    let admin = storage::pending_admin(env).unwrap_or_else(|| refuse(env, Error::NoPendingAdmin));
    admin.require_auth();
    storage::set_admin(env, &admin);
    storage::set_pending_admin(env, None);
    AdminAccepted { admin }.publish(env);
}

pub fn propose_upgrade(env: &Env, hash: BytesN<32>) {
    ensure_admin(env);
    let apply_after = env.ledger().timestamp() + storage::config(env).upgrade_delay_s;
    let expires_at = apply_after + UPGRADE_WINDOW_S;
    let upgrade = PendingUpgrade { hash: hash.clone(), apply_after, expires_at };
    storage::set_pending_upgrade(env, Some(&upgrade));
    UpgradeProposed { hash, apply_after, expires_at }.publish(env);
}

pub fn apply_upgrade(env: &Env) {
    ensure_admin(env);
    let upgrade = pending_upgrade(env);
    let now = env.ledger().timestamp();
    ensure(env, now >= upgrade.apply_after, Error::UpgradeTooEarly);
    ensure(env, now <= upgrade.expires_at, Error::UpgradeExpired);
    storage::set_pending_upgrade(env, None);
    UpgradeApplied { hash: upgrade.hash.clone() }.publish(env);
    env.deployer().update_current_contract_wasm(upgrade.hash);
}

pub fn cancel_upgrade(env: &Env) {
    ensure_admin(env);
    let upgrade = pending_upgrade(env);
    storage::set_pending_upgrade(env, None);
    UpgradeCancelled { hash: upgrade.hash }.publish(env);
}

fn pending_upgrade(env: &Env) -> PendingUpgrade {
    storage::pending_upgrade(env).unwrap_or_else(|| refuse(env, Error::NoPendingUpgrade))
}

pub fn migrate(env: &Env) {
    ensure_admin(env);
    ensure(env, storage::version(env) < STORAGE_VERSION, Error::NothingToMigrate);
    // Version 1 is the first layout: later releases put the steps from each version to the next here.
    storage::set_version(env, STORAGE_VERSION);
    Migrated { version: STORAGE_VERSION }.publish(env);
}

pub fn sweep(env: &Env, to: &Address, amount: i128) {
    ensure_admin(env);
    ensure_amount(env, amount);
    ensure_foreign(env, to);
    let token = TokenClient::new(env, &storage::token(env));
    let vault = env.current_contract_address();
    ensure(env, amount <= token.balance(&vault) - storage::liabilities(env), Error::NoSurplus);
    Swept { to: to.clone(), amount }.publish(env);
    token.transfer(&vault, to, &amount);
}
