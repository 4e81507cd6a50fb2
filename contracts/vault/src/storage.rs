//! Every ledger entry of the vault and its time to live.
//!
//! Instance (roles, config, pause, pending proposals): read by every call, written only by administration, so that no two
//! ordinary calls conflict over it. Everything that grows has a persistent entry of its own: nothing is looped over.
//! A persistent entry whose time runs out is archived, not lost, and cannot be made anew without being restored first.
use soroban_sdk::{Address, BytesN, Env, IntoVal, Symbol, TryFromVal, Val, symbol_short};

use crate::account::Account;
use crate::admin::{Config, PendingUpgrade};
use crate::earnings::EarningsView;
use crate::settle::LaneView;

/// Layout of the entries below. A release that changes the layout raises it and teaches `migrate` the step.
pub const STORAGE_VERSION: u32 = 1;

/// Ledgers in a day at the network's target of five seconds each.
const DAY: u32 = 17_280;

/// A deposit lengthens the life of the account it feeds to 30 days when less than 15 are left: the depositor pays a cent or
/// two, rarely. Settle lengthens nothing, or one batch would pay rent for every account in it; the gateway's keeper does.
const ACCOUNT_THRESHOLD: u32 = 15 * DAY;
const ACCOUNT_TTL: u32 = 30 * DAY;

/// Instance and liabilities. The deployer pays for the first 30 days; a deposit steps in, for two weeks, only when the keeper
/// has been asleep so long that less than a week is left. Not the code: its rent is thousands of times an account's, and
/// would fall on whoever happens to deposit that day.
const CONTRACT_FIRST_TTL: u32 = 30 * DAY;
const CONTRACT_THRESHOLD: u32 = 7 * DAY;
const CONTRACT_TTL: u32 = 14 * DAY;

// Keys of the instance. Symbols of at most nine characters are constants: they cost no work and hardly any code.
const ADMIN: Symbol = symbol_short!("Admin");
const OPERATOR: Symbol = symbol_short!("Operator");
const TOKEN: Symbol = symbol_short!("Token");
const TREASURY: Symbol = symbol_short!("Treasury");
const CONFIG: Symbol = symbol_short!("Config");
const PAUSED: Symbol = symbol_short!("Paused");
const PENDING_ADMIN: Symbol = symbol_short!("NextAdmin");
const PENDING_UPGRADE: Symbol = symbol_short!("NextCode");
const VERSION: Symbol = symbol_short!("Version");

// Keys of the persistent entries: vectors of a symbol and what tells entries of one kind apart. The gateway builds the keys
// of accounts, payees, earnings and lanes itself, for the footprint of settle.
const LIABILITIES: Symbol = symbol_short!("Liability");

fn account_key(account: &Address) -> (Symbol, Address) {
    (symbol_short!("Account"), account.clone())
}

fn forwarded_key(from: &Address, id: u64) -> (Symbol, Address, u64) {
    (symbol_short!("Forwarded"), from.clone(), id)
}

fn payee_key(payee: &Address) -> (Symbol, Address) {
    (symbol_short!("Payee"), payee.clone())
}

fn payout_key(payee: &Address) -> (Symbol, Address) {
    (symbol_short!("Payout"), payee.clone())
}

fn earnings_key(payee: &Address, lane: u32) -> (Symbol, Address, u32) {
    (symbol_short!("Earnings"), payee.clone(), lane)
}

fn lane_key(lane: u32) -> (Symbol, u32) {
    (symbol_short!("Lane"), lane)
}

// Roles, config, pause: instance.

pub fn admin(env: &Env) -> Address {
    instance(env, &ADMIN)
}

pub fn set_admin(env: &Env, admin: &Address) {
    env.storage().instance().set(&ADMIN, admin);
}

pub fn operator(env: &Env) -> Address {
    instance(env, &OPERATOR)
}

pub fn set_operator(env: &Env, operator: &Address) {
    env.storage().instance().set(&OPERATOR, operator);
}

pub fn token(env: &Env) -> Address {
    instance(env, &TOKEN)
}

pub fn set_token(env: &Env, token: &Address) {
    env.storage().instance().set(&TOKEN, token);
}

pub fn treasury(env: &Env) -> Address {
    instance(env, &TREASURY)
}

pub fn set_treasury(env: &Env, treasury: &Address) {
    env.storage().instance().set(&TREASURY, treasury);
}

pub fn config(env: &Env) -> Config {
    instance(env, &CONFIG)
}

pub fn set_config(env: &Env, config: &Config) {
    env.storage().instance().set(&CONFIG, config);
}

pub fn paused(env: &Env) -> u32 {
    instance(env, &PAUSED)
}

pub fn set_paused(env: &Env, flags: u32) {
    env.storage().instance().set(&PAUSED, &flags);
}

pub fn pending_admin(env: &Env) -> Option<Address> {
    env.storage().instance().get(&PENDING_ADMIN)
}

pub fn set_pending_admin(env: &Env, admin: Option<&Address>) {
    put_or_remove(env, &PENDING_ADMIN, admin);
}

pub fn pending_upgrade(env: &Env) -> Option<PendingUpgrade> {
    env.storage().instance().get(&PENDING_UPGRADE)
}

pub fn set_pending_upgrade(env: &Env, upgrade: Option<&PendingUpgrade>) {
    put_or_remove(env, &PENDING_UPGRADE, upgrade);
}

pub fn version(env: &Env) -> u32 {
    instance(env, &VERSION)
}

pub fn set_version(env: &Env, version: u32) {
    env.storage().instance().set(&VERSION, &version);
}

// Accounts.

/// An account on the ledger: `deposited, settled, withdrawn, requested, unlock_at, limit, pending_limit, pending_limit_at,
/// period, used`. Without field names the entry, and its rent, is half as large. The balance is not stored: it is what was
/// deposited and neither settled nor withdrawn, so the two can never disagree.
type AccountRecord = (i128, i128, i128, i128, u64, i128, Option<i128>, u64, u64, i128);

pub fn account(env: &Env, address: &Address) -> Option<Account> {
    let record: AccountRecord = env.storage().persistent().get(&account_key(address))?;
    let (deposited, settled, withdrawn, requested, unlock_at, limit, pending_limit, pending_limit_at, period, used) = record;
    Some(Account { deposited, settled, withdrawn, requested, unlock_at, limit, pending_limit, pending_limit_at, period, used })
}

pub fn set_account(env: &Env, address: &Address, account: &Account) {
    let record: AccountRecord = (
        account.deposited,
        account.settled,
        account.withdrawn,
        account.requested,
        account.unlock_at,
        account.limit,
        account.pending_limit,
        account.pending_limit_at,
        account.period,
        account.used,
    );
    env.storage().persistent().set(&account_key(address), &record);
}

/// The ids that `from` has used. Persistent and never removed: an archived record must be restored before it could be
/// written again, and is then found, so an id counts once for ever.
pub fn forwarded(env: &Env, from: &Address, id: u64) -> bool {
    env.storage().persistent().has(&forwarded_key(from, id))
}

pub fn set_forwarded(env: &Env, from: &Address, id: u64) {
    env.storage().persistent().set(&forwarded_key(from, id), &());
}

// Payees, earnings, lanes.

pub fn is_payee(env: &Env, payee: &Address) -> bool {
    env.storage().persistent().has(&payee_key(payee))
}

pub fn add_payee(env: &Env, payee: &Address) {
    env.storage().persistent().set(&payee_key(payee), &());
}

pub fn remove_payee(env: &Env, payee: &Address) {
    env.storage().persistent().remove(&payee_key(payee));
}

/// Where the payee wants its earnings: itself unless it said otherwise.
pub fn payout(env: &Env, payee: &Address) -> Address {
    env.storage().persistent().get(&payout_key(payee)).unwrap_or_else(|| payee.clone())
}

pub fn set_payout(env: &Env, payee: &Address, to: &Address) {
    let key = payout_key(payee);
    if to == payee {
        env.storage().persistent().remove(&key);
    } else {
        env.storage().persistent().set(&key, to);
    }
}

/// On the ledger: `gross, net_paid, fee_paid`.
pub fn earnings(env: &Env, payee: &Address, lane: u32) -> EarningsView {
    let record: Option<(i128, i128, i128)> = env.storage().persistent().get(&earnings_key(payee, lane));
    let (gross, net_paid, fee_paid) = record.unwrap_or((0, 0, 0));
    EarningsView { gross, net_paid, fee_paid }
}

pub fn set_earnings(env: &Env, payee: &Address, lane: u32, earnings: &EarningsView) {
    let record = (earnings.gross, earnings.net_paid, earnings.fee_paid);
    env.storage().persistent().set(&earnings_key(payee, lane), &record);
}

/// On the ledger: `batch, root, chain, ledger`. A lane that was never used stands before its first batch, with zeros.
pub fn lane(env: &Env, lane: u32) -> LaneView {
    let record: Option<(u64, BytesN<32>, BytesN<32>, u32)> = env.storage().persistent().get(&lane_key(lane));
    let (batch, root, chain, ledger) = record.unwrap_or_else(|| {
        let zeros = BytesN::from_array(env, &[0; 32]);
        (0, zeros.clone(), zeros, 0)
    });
    LaneView { batch, root, chain, ledger }
}

pub fn set_lane(env: &Env, lane: u32, view: &LaneView) {
    let record = (view.batch, view.root.clone(), view.chain.clone(), view.ledger);
    env.storage().persistent().set(&lane_key(lane), &record);
}

// Liabilities: what the vault owes to accounts, payees and treasury together. An entry of its own, which settle leaves alone
// (it only moves debt from accounts to payees), so batches of different lanes do not queue up behind each other.

pub fn liabilities(env: &Env) -> i128 {
    env.storage().persistent().get(&LIABILITIES).unwrap_or(0)
}

pub fn change_liabilities(env: &Env, by: i128) {
    let liabilities = liabilities(env) + by;
    env.storage().persistent().set(&LIABILITIES, &liabilities);
}

// Time to live.

pub fn extend_at_deploy(env: &Env) {
    extend_contract(env, CONTRACT_FIRST_TTL, CONTRACT_FIRST_TTL);
}

pub fn extend_at_deposit(env: &Env, account: &Address) {
    let key = account_key(account);
    env.storage().persistent().extend_ttl(&key, ACCOUNT_THRESHOLD, ACCOUNT_TTL);
    extend_contract(env, CONTRACT_THRESHOLD, CONTRACT_TTL);
}

fn extend_contract(env: &Env, threshold: u32, ttl: u32) {
    env.deployer().extend_ttl_for_contract_instance(env.current_contract_address(), threshold, ttl);
    env.storage().persistent().extend_ttl(&LIABILITIES, threshold, ttl);
}

fn instance<T: TryFromVal<Env, Val>>(env: &Env, key: &Symbol) -> T {
    // Written by the constructor and never removed.
    env.storage().instance().get(key).unwrap()
}

fn put_or_remove<T: IntoVal<Env, Val>>(env: &Env, key: &Symbol, value: Option<&T>) {
    match value {
        Some(value) => env.storage().instance().set(key, value),
        None => env.storage().instance().remove(key),
    }
}
