//! One event per change. Topics: the event's name in snake_case, then the fields marked as topics; data: a map of the rest.
//! Events about an account carry its whole state after the change, so a reader that starts in the middle is right at once.
use soroban_sdk::{Address, BytesN, Vec, contractevent};

use crate::account::AccountView;

/// `id` is there when the deposit was made with `deposit_once`.
#[contractevent]
pub struct Deposit {
    #[topic]
    pub account: Address,
    pub from: Address,
    pub amount: i128,
    pub id: Option<u64>,
    pub state: AccountView,
}

#[contractevent]
pub struct WithdrawRequested {
    #[topic]
    pub account: Address,
    pub amount: i128,
    pub unlock_at: u64,
    pub state: AccountView,
}

#[contractevent]
pub struct WithdrawCancelled {
    #[topic]
    pub account: Address,
    pub state: AccountView,
}

/// `cooperative` is true when the operator signed too, and there was no delay.
#[contractevent]
pub struct Withdrawn {
    #[topic]
    pub account: Address,
    pub to: Address,
    pub amount: i128,
    pub cooperative: bool,
    pub state: AccountView,
}

/// `effective_at` is the time from which settle obeys `limit`.
#[contractevent]
pub struct LimitSet {
    #[topic]
    pub account: Address,
    pub limit: i128,
    pub effective_at: u64,
    pub state: AccountView,
}

/// `taken`: one number per line, in the order of the call; -1 where the payee was not listed.
#[contractevent]
pub struct Settled {
    #[topic]
    pub lane: u32,
    #[topic]
    pub batch: u64,
    pub root: BytesN<32>,
    pub chain: BytesN<32>,
    pub total: i128,
    pub taken: Vec<i128>,
}

#[contractevent]
pub struct Claimed {
    #[topic]
    pub payee: Address,
    pub lane: u32,
    pub to: Address,
    pub amount: i128,
}

#[contractevent]
pub struct FeeCollected {
    #[topic]
    pub payee: Address,
    pub lane: u32,
    pub to: Address,
    pub amount: i128,
}

#[contractevent]
pub struct PayoutSet {
    #[topic]
    pub payee: Address,
    pub to: Address,
}

#[contractevent]
pub struct PayeeAdded {
    #[topic]
    pub payee: Address,
}

#[contractevent]
pub struct PayeeRemoved {
    #[topic]
    pub payee: Address,
}

/// `flags`: what is paused after the call.
#[contractevent]
pub struct Paused {
    pub by: Address,
    pub flags: u32,
}

/// `flags`: what is still paused after the call.
#[contractevent]
pub struct Unpaused {
    pub flags: u32,
}

#[contractevent]
pub struct OperatorSet {
    pub operator: Address,
}

#[contractevent]
pub struct TreasurySet {
    pub treasury: Address,
}

#[contractevent]
pub struct AdminProposed {
    pub admin: Address,
}

#[contractevent]
pub struct AdminAccepted {
    pub admin: Address,
}

#[contractevent]
pub struct UpgradeProposed {
    pub hash: BytesN<32>,
    pub apply_after: u64,
    pub expires_at: u64,
}

#[contractevent]
pub struct UpgradeApplied {
    pub hash: BytesN<32>,
}

#[contractevent]
pub struct UpgradeCancelled {
    pub hash: BytesN<32>,
}

#[contractevent]
pub struct Migrated {
    pub version: u32,
}

#[contractevent]
pub struct Swept {
    pub to: Address,
    pub amount: i128,
}
