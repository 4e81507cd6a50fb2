//! Money back to the consumer. Nothing here looks at the pause flags: exits stay open.
use soroban_sdk::{Address, Env, token::TokenClient};

use crate::account::{self, Account};
use crate::errors::{Error, ensure, ensure_amount, ensure_foreign};
use crate::events::{WithdrawCancelled, WithdrawRequested, Withdrawn};
use crate::storage;

pub fn request(env: &Env, address: &Address, amount: i128) {
    address.require_auth();
    ensure_amount(env, amount);
    let mut account = account::existing(env, address);
    ensure(env, amount <= account.balance(), Error::InsufficientBalance);
    account.requested = amount;
    account.unlock_at = env.ledger().timestamp() + storage::config(env).withdraw_delay_s;
    storage::set_account(env, address, &account);
    let (unlock_at, state) = (account.unlock_at, account.view());
    WithdrawRequested { account: address.clone(), amount, unlock_at, state }.publish(env);
}

pub fn cancel(env: &Env, address: &Address) {
    address.require_auth();
    let mut account = account::existing(env, address);
    ensure(env, account.requested > 0, Error::NoRequest);
    account.lower_request(0);
    storage::set_account(env, address, &account);
    WithdrawCancelled { account: address.clone(), state: account.view() }.publish(env);
}

pub fn after_delay(env: &Env, address: &Address, to: &Address) -> i128 {
    address.require_auth();
    ensure_foreign(env, to);
    let mut account = account::existing(env, address);
    ensure(env, account.requested > 0, Error::NoRequest);
    ensure(env, env.ledger().timestamp() >= account.unlock_at, Error::StillLocked);
    let amount = account.requested.min(account.balance());
    account.lower_request(0);
    pay(env, address, account, to, amount, false);
    amount
}

pub fn cooperative(env: &Env, address: &Address, to: &Address, amount: i128) {
    address.require_auth();
    let operator = storage::operator(env);
    // The host refuses a second authorisation of one call by one address, and the operator may be its own consumer.
    if operator != *address {
        operator.require_auth();
    }
    ensure_amount(env, amount);
    ensure_foreign(env, to);
    let account = account::existing(env, address);
    ensure(env, amount <= account.balance(), Error::InsufficientBalance);
    pay(env, address, account, to, amount, true);
}

fn pay(env: &Env, address: &Address, mut account: Account, to: &Address, amount: i128, cooperative: bool) {
    account.withdrawn += amount;
    account.lower_request(account.balance());
    storage::set_account(env, address, &account);
    storage::change_liabilities(env, -amount);
    let state = account.view();
    Withdrawn { account: address.clone(), to: to.clone(), amount, cooperative, state }.publish(env);
    // Settle may have taken all of it since the request; then there is nothing to move.
    if amount > 0 {
        TokenClient::new(env, &storage::token(env)).transfer(&env.current_contract_address(), to, &amount);
    }
}

impl Account {
    /// A request never outlives the money it is for.
    fn lower_request(&mut self, at_most: i128) {
        self.requested = self.requested.min(at_most);
        if self.requested == 0 {
            self.unlock_at = 0;
        }
    }
}
