//! The operator takes what was used. Only pause, a wrong batch or a malformed call fails here: what a line meets on the
//! ledger (no account, no balance, no limit left, a removed payee) changes what it takes, never whether the batch lands.
use core::cmp::Ordering;

use soroban_sdk::{Address, Bytes, BytesN, Env, Vec, contracttype};

use crate::account;
use crate::admin::{PAUSE_SETTLE, ensure_running};
use crate::errors::{Error, ensure, ensure_amount, refuse};
use crate::events::Settled;
use crate::storage;

/// Lines of one call. Their results travel in one event, and 16 KiB is what the network gives events: 512 take 10 KiB.
pub const LINES_MAX: u32 = 512;

/// What one account owes to one payee, in units of 1e-7 USDC.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    pub account: Address,
    pub amount: i128,
}

/// All lines of one payee, accounts ascending.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PayeeCharges {
    pub payee: Address,
    pub lines: Vec<Line>,
}

/// The last batch of a lane, 0 before the first. `chain` commits to every root so far:
/// sha256(chain before it, 32 bytes | batch, 8 bytes big-endian | root, 32 bytes), starting from 32 zero bytes.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LaneView {
    pub batch: u64,
    pub root: BytesN<32>,
    pub chain: BytesN<32>,
    pub ledger: u32,
}

pub fn settle(env: &Env, lane: u32, batch: u64, root: BytesN<32>, charges: Vec<PayeeCharges>) {
    storage::operator(env).require_auth();
    ensure_running(env, PAUSE_SETTLE, Error::SettlePaused);
    let config = storage::config(env);
    ensure(env, lane < config.lanes, Error::UnknownLane);
    let last = storage::lane(env, lane);
    ensure(env, batch == last.batch + 1, Error::WrongBatch);

    let period = env.ledger().timestamp() / config.limit_period_s;
    let mut taken = Vec::new(env);
    let mut total = 0;
    let mut previous = None;
    for group in charges.iter() {
        ensure_ascending(env, &previous, &group.payee, Error::DuplicatePayee);
        total += settle_payee(env, lane, period, &group, &mut taken);
        previous = Some(group.payee);
    }

    let chain = chain_link(env, &last.chain, batch, &root);
    let ledger = env.ledger().sequence();
    storage::set_lane(env, lane, &LaneView { batch, root: root.clone(), chain: chain.clone(), ledger });
    Settled { lane, batch, root, chain, total, taken }.publish(env);
}

/// Takes one payee's lines, appends what each gave to `taken`, credits the payee and returns the sum.
fn settle_payee(env: &Env, lane: u32, period: u64, group: &PayeeCharges, taken: &mut Vec<i128>) -> i128 {
    let listed = storage::is_payee(env, &group.payee);
    let mut sum = 0;
    let mut previous = None;
    for line in group.lines.iter() {
        ensure_ascending(env, &previous, &line.account, Error::DuplicateAccount);
        ensure_amount(env, line.amount);
        ensure(env, taken.len() < LINES_MAX, Error::TooManyLines);
        let took = if listed { settle_line(env, period, &line) } else { -1 };
        taken.push_back(took);
        sum += took.max(0);
        previous = Some(line.account);
    }
    if sum > 0 {
        let mut earnings = storage::earnings(env, &group.payee, lane);
        earnings.gross += sum;
        storage::set_earnings(env, &group.payee, lane, &earnings);
    }
    sum
}

fn settle_line(env: &Env, period: u64, line: &Line) -> i128 {
    let Some(mut account) = account::load(env, &line.account) else {
        return 0;
    };
    let taken = account.take(line.amount, period);
    if taken > 0 {
        storage::set_account(env, &line.account, &account);
    }
    taken
}

/// Strictly ascending order makes a duplicate visible with one comparison per entry and no memory of the ones before.
fn ensure_ascending(env: &Env, previous: &Option<Address>, next: &Address, duplicate: Error) {
    if let Some(previous) = previous {
        match previous.cmp(next) {
            Ordering::Less => {}
            Ordering::Equal => refuse(env, duplicate),
            Ordering::Greater => refuse(env, Error::NotSorted),
        }
    }
}

fn chain_link(env: &Env, previous: &BytesN<32>, batch: u64, root: &BytesN<32>) -> BytesN<32> {
    let mut data = Bytes::from(previous);
    data.extend_from_array(&batch.to_be_bytes());
    data.append(root.as_ref());
    env.crypto().sha256(&data).to_bytes()
}
