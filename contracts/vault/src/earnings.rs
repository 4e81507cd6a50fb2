//! What payees earned, and its way out. Listing decides only whether a payee can earn more, never whether it is paid.
use soroban_sdk::{Address, Env, I256, contracttype, token::TokenClient};

use crate::admin::ensure_admin;
use crate::errors::{Error, ensure, ensure_foreign, refuse};
use crate::events::{Claimed, FeeCollected, PayeeAdded, PayeeRemoved, PayoutSet};
use crate::storage;

/// One basis point is a ten-thousandth.
pub const BPS: i128 = 10_000;

/// Sums since the payee's first batch in the lane. The fee is computed on the whole of `gross`, so neither it nor the net
/// depends on how the same charges were cut into batches.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EarningsView {
    pub gross: i128,
    pub net_paid: i128,
    pub fee_paid: i128,
}

impl EarningsView {
    /// The treasury's part of `gross`, rounded down. The host divides: to the network a division of 128-bit numbers in the
    /// contract's own code is a tenth of that code.
    fn fee(&self, env: &Env) -> i128 {
        let fee_bps = I256::from_i128(env, storage::config(env).fee_bps as i128);
        let fee = I256::from_i128(env, self.gross).mul(&fee_bps).div(&I256::from_i128(env, BPS));
        // At most `gross`, for `fee_bps` is at most `BPS`.
        fee.to_i128().unwrap()
    }
}

pub fn claim(env: &Env, payee: &Address, lane: u32) -> i128 {
    let mut earnings = storage::earnings(env, payee, lane);
    let amount = earnings.gross - earnings.fee(env) - earnings.net_paid;
    if amount > 0 {
        let to = storage::payout(env, payee);
        earnings.net_paid += amount;
        storage::set_earnings(env, payee, lane, &earnings);
        Claimed { payee: payee.clone(), lane, to: to.clone(), amount }.publish(env);
        pay_out(env, &to, amount);
    }
    amount
}

pub fn collect_fee(env: &Env, payee: &Address, lane: u32) -> i128 {
    let mut earnings = storage::earnings(env, payee, lane);
    let amount = earnings.fee(env) - earnings.fee_paid;
    if amount > 0 {
        let to = storage::treasury(env);
        earnings.fee_paid += amount;
        storage::set_earnings(env, payee, lane, &earnings);
        FeeCollected { payee: payee.clone(), lane, to: to.clone(), amount }.publish(env);
        pay_out(env, &to, amount);
    }
    amount
}

pub fn set_payout(env: &Env, payee: &Address, to: &Address) {
    payee.require_auth();
    ensure_foreign(env, to);
    storage::set_payout(env, payee, to);
    PayoutSet { payee: payee.clone(), to: to.clone() }.publish(env);
}

pub fn add_payee(env: &Env, payee: &Address) {
    ensure_admin(env);
    ensure_foreign(env, payee);
    ensure(env, !storage::is_payee(env, payee), Error::PayeeListed);
    storage::add_payee(env, payee);
    PayeeAdded { payee: payee.clone() }.publish(env);
}

pub fn remove_payee(env: &Env, payee: &Address) {
    ensure_admin(env);
    ensure(env, storage::is_payee(env, payee), Error::PayeeNotListed);
    storage::remove_payee(env, payee);
    PayeeRemoved { payee: payee.clone() }.publish(env);
}

/// A receiver without trustline, frozen or gone is an ordinary case: it gets an error of its own, which undoes the call and
/// leaves the amount owed.
fn pay_out(env: &Env, to: &Address, amount: i128) {
    storage::change_liabilities(env, -amount);
    let token = TokenClient::new(env, &storage::token(env));
    if token.try_transfer(&env.current_contract_address(), to, &amount).is_err() {
        refuse(env, Error::PayoutFailed);
    }
}
