//! What the vault knows about one consumer: counters, a possible withdrawal, a limit.
use soroban_sdk::{Address, Env, contracttype};

use crate::errors::{Error, ensure, refuse};
use crate::events::LimitSet;
use crate::storage;

/// An account at the moment of the call. Amounts in units of 1e-7 USDC, times in seconds since 1970.
/// `limit` is what binds settle now, `pending_limit` a cut that waits for `pending_limit_at`; `used` was taken in `period`
/// (the time divided by `limit_period_s`), which may be long over.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountView {
    pub balance: i128,
    pub deposited: i128,
    pub settled: i128,
    pub withdrawn: i128,
    pub requested: i128,
    pub unlock_at: u64,
    pub limit: i128,
    pub pending_limit: Option<i128>,
    pub pending_limit_at: u64,
    pub period: u64,
    pub used: i128,
}

#[derive(Clone)]
pub struct Account {
    pub deposited: i128,
    pub settled: i128,
    pub withdrawn: i128,
    pub requested: i128,
    pub unlock_at: u64,
    pub limit: i128,
    pub pending_limit: Option<i128>,
    pub pending_limit_at: u64,
    pub period: u64,
    pub used: i128,
}

pub fn set_limit(env: &Env, address: &Address, per_period: i128) {
    address.require_auth();
    ensure(env, per_period >= 0 && per_period <= i64::MAX as i128, Error::InvalidAmount);
    let mut account = existing(env, address);
    let now = env.ledger().timestamp();
    let effective_at = if per_period >= account.limit {
        account.limit = per_period;
        account.pending_limit = None;
        account.pending_limit_at = 0;
        now
    } else {
        // The operator may have served calls under the old limit that are not settled yet: the cut waits for them.
        let at = now + storage::config(env).withdraw_delay_s;
        account.pending_limit = Some(per_period);
        account.pending_limit_at = at;
        at
    };
    storage::set_account(env, address, &account);
    let state = account.view();
    LimitSet { account: address.clone(), limit: per_period, effective_at, state }.publish(env);
}

pub fn view(env: &Env, address: &Address) -> AccountView {
    load(env, address).unwrap_or_else(|| Account::new(env)).view()
}

/// The account as of now, or None if nobody has ever deposited for it.
pub fn load(env: &Env, address: &Address) -> Option<Account> {
    let mut account = storage::account(env, address)?;
    account.fold(env.ledger().timestamp());
    Some(account)
}

pub fn existing(env: &Env, address: &Address) -> Account {
    load(env, address).unwrap_or_else(|| refuse(env, Error::AccountNotFound))
}

impl Account {
    pub fn new(env: &Env) -> Account {
        Account {
            deposited: 0,
            settled: 0,
            withdrawn: 0,
            requested: 0,
            unlock_at: 0,
            limit: storage::config(env).default_limit,
            pending_limit: None,
            pending_limit_at: 0,
            period: 0,
            used: 0,
        }
    }

    pub fn balance(&self) -> i128 {
        self.deposited - self.settled - self.withdrawn
    }

    /// Takes what balance and limit allow of `amount`, and says how much that was.
    pub fn take(&mut self, amount: i128, period: u64) -> i128 {
        let used = if self.period == period { self.used } else { 0 };
        let limit_left = (self.limit - used).max(0);
        let taken = amount.min(self.balance()).min(limit_left);
        if taken > 0 {
            self.settled += taken;
            self.period = period;
            self.used = used + taken;
        }
        taken
    }

    /// Makes a cut whose wait is over the binding limit. Done on every load, so that no later call can lose it.
    fn fold(&mut self, now: u64) {
        if let Some(limit) = self.pending_limit
            && self.pending_limit_at <= now
        {
            self.limit = limit;
            self.pending_limit = None;
            self.pending_limit_at = 0;
        }
    }

    pub fn view(&self) -> AccountView {
        AccountView {
            balance: self.balance(),
            deposited: self.deposited,
            settled: self.settled,
            withdrawn: self.withdrawn,
            requested: self.requested,
            unlock_at: self.unlock_at,
            limit: self.limit,
            pending_limit: self.pending_limit,
            pending_limit_at: self.pending_limit_at,
            period: self.period,
            used: self.used,
        }
    }
}
