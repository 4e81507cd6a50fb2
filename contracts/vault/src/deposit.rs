//! Money in.
use soroban_sdk::{Address, Env, token::TokenClient};

use crate::account::{self, Account};
use crate::admin::{PAUSE_DEPOSITS, ensure_running};
use crate::errors::{Error, ensure, ensure_amount, ensure_foreign};
use crate::events::Deposit;
use crate::storage;

pub fn deposit(env: &Env, from: &Address, address: &Address, amount: i128, id: Option<u64>) {
    from.require_auth();
    ensure_running(env, PAUSE_DEPOSITS, Error::DepositsPaused);
    ensure_foreign(env, address);
    ensure_amount(env, amount);
    ensure(env, amount >= storage::config(env).min_deposit, Error::BelowMinDeposit);
    if let Some(id) = id {
        ensure(env, !storage::forwarded(env, from, id), Error::AlreadyForwarded);
        storage::set_forwarded(env, from, id);
    }

    let mut account = account::load(env, address).unwrap_or_else(|| Account::new(env));
    account.deposited += amount;
    storage::set_account(env, address, &account);
    storage::change_liabilities(env, amount);
    storage::extend_at_deposit(env, address);
    let state = account.view();
    Deposit { account: address.clone(), from: from.clone(), amount, id, state }.publish(env);

    TokenClient::new(env, &storage::token(env)).transfer(from, env.current_contract_address(), &amount);
}
