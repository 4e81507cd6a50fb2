//! The vault's interface: every entry point, who must sign, what it refuses, what it announces.
//!
//! `///` lines travel in the wasm, as the help that command lines show; the `//` lines below them stay here, for the wasm's
//! size is rent. Every call may besides fail with the host's own errors: a missing signature (Auth), the token's refusal of
//! a transfer, exhausted resources. A failed call changes nothing.
use soroban_sdk::{Address, BytesN, Env, Vec, contract, contractimpl};

use crate::account::{self, AccountView};
use crate::admin::{self, Config, VaultInfo};
use crate::earnings::{self, EarningsView};
use crate::settle::{self, LaneView, PayeeCharges};
use crate::{deposit, storage, withdraw};

#[contract]
pub struct Vault;

#[contractimpl]
impl Vault {
    /// Sets the roles, the token and the configuration, once.
    // Auth: the deployer's. Errors: InvalidConfig, InvalidAddress, InvalidToken.
    // The token must be USDC's asset contract: the sums rely on a token that moves exactly what it is told.
    pub fn __constructor(env: Env, admin: Address, operator: Address, token: Address, treasury: Address, config: Config) {
        admin::construct(&env, admin, operator, token, treasury, config);
    }

    // Deposits.

    /// Pays `amount` from `from` into the vault in favour of `account`.
    // Auth: from. Errors: DepositsPaused, InvalidAddress, InvalidAmount, BelowMinDeposit. Events: deposit.
    pub fn deposit(env: Env, from: Address, account: Address, amount: i128) {
        deposit::deposit(&env, &from, &account, amount, None);
    }

    /// Like deposit, but an `id` that `from` has used before is refused.
    // Auth: from. Errors: as deposit, AlreadyForwarded. Events: deposit, with the id.
    pub fn deposit_once(env: Env, from: Address, account: Address, amount: i128, id: u64) {
        deposit::deposit(&env, &from, &account, amount, Some(id));
    }

    /// Whether `from` has used `id` in deposit_once.
    pub fn forwarded(env: Env, from: Address, id: u64) -> bool {
        storage::forwarded(&env, &from, id)
    }

    // Settlement.

    /// Takes from each line's account min(amount, balance, limit left) for its payee.
    // Auth: operator. Events: settled, with what each line gave, in the order of the call.
    // Errors: SettlePaused, UnknownLane, WrongBatch, DuplicatePayee, DuplicateAccount, NotSorted, InvalidAmount,
    // TooManyLines. Payees, and the accounts of a payee, come in strictly ascending order of their addresses (as the host
    // compares them: accounts before contracts, then by the 32 bytes; the order of their XDR).
    // A line whose account is unknown gives 0; the lines of a payee that is not listed give -1.
    // Writes the lane, each account and each payee's earnings that a line moved, and nothing else.
    pub fn settle(env: Env, lane: u32, batch: u64, usage_root: BytesN<32>, charges: Vec<PayeeCharges>) {
        settle::settle(&env, lane, batch, usage_root, charges);
    }

    // The consumer's side.

    /// Sets what settle can take from `account` per period: a raise at once, a cut after the withdrawal delay.
    // Auth: account. Errors: InvalidAmount, AccountNotFound. Events: limit_set.
    // A cut whose wait is over binds before this call is looked at; one that still waits is replaced.
    pub fn set_limit(env: Env, account: Address, per_period: i128) {
        account::set_limit(&env, &account, per_period);
    }

    /// Announces a withdrawal of `amount`, which unlocks after the withdrawal delay; replaces an earlier request.
    // Auth: account. Errors: InvalidAmount, AccountNotFound, InsufficientBalance. Events: withdraw_requested.
    // The money stays in the balance, and settle can take it, until it is withdrawn.
    pub fn request_withdraw(env: Env, account: Address, amount: i128) {
        withdraw::request(&env, &account, amount);
    }

    /// Takes the request back.
    // Auth: account. Errors: AccountNotFound, NoRequest. Events: withdraw_cancelled.
    pub fn cancel_withdraw(env: Env, account: Address) {
        withdraw::cancel(&env, &account);
    }

    /// Pays min(requested, balance) to `to` once the request is unlocked, and returns it.
    // Auth: account. Errors: InvalidAddress, AccountNotFound, NoRequest, StillLocked. Events: withdrawn.
    pub fn withdraw(env: Env, account: Address, to: Address) -> i128 {
        withdraw::after_delay(&env, &account, &to)
    }

    /// Pays `amount` to `to` at once: the account and the operator both sign.
    // Auth: account, operator. Errors: InvalidAmount, InvalidAddress, AccountNotFound, InsufficientBalance.
    // Events: withdrawn. A request that is larger than the remaining balance shrinks to it.
    pub fn withdraw_now(env: Env, account: Address, to: Address, amount: i128) {
        withdraw::cooperative(&env, &account, &to, amount);
    }

    // Payees and treasury.

    /// Pays what `payee` earned in `lane`, less the fee, to the payee or its payout address; returns the amount.
    // Auth: none, the money has one way to go. Errors: PayoutFailed. Events: claimed, unless nothing was due.
    pub fn claim(env: Env, payee: Address, lane: u32) -> i128 {
        earnings::claim(&env, &payee, lane)
    }

    /// Pays the fee on what `payee` earned in `lane` to the treasury; returns the amount.
    // Auth: none. Errors: PayoutFailed. Events: fee_collected, unless nothing was due.
    pub fn collect_fee(env: Env, payee: Address, lane: u32) -> i128 {
        earnings::collect_fee(&env, &payee, lane)
    }

    /// Sends the payee's later claims to `to`; its own address takes that back.
    // Auth: payee, listed or not. Errors: InvalidAddress. Events: payout_set.
    pub fn set_payout(env: Env, payee: Address, to: Address) {
        earnings::set_payout(&env, &payee, &to);
    }

    /// Lists a payee: settle credits listed payees only.
    // Auth: admin. Errors: InvalidAddress, PayeeListed. Events: payee_added.
    pub fn add_payee(env: Env, payee: Address) {
        earnings::add_payee(&env, &payee);
    }

    /// Takes a payee off the list; what it earned stays claimable.
    // Auth: admin. Errors: PayeeNotListed. Events: payee_removed.
    pub fn remove_payee(env: Env, payee: Address) {
        earnings::remove_payee(&env, &payee);
    }

    // Pause. Withdrawals and claims cannot be paused.

    /// Pauses deposits (1), settle (2) or both (3).
    // Auth: caller, who is operator or admin. Errors: NotPauser, InvalidFlags. Events: paused.
    pub fn pause(env: Env, caller: Address, flags: u32) {
        admin::pause(&env, &caller, flags);
    }

    /// Ends a pause of deposits (1), settle (2) or both (3).
    // Auth: admin. Errors: InvalidFlags. Events: unpaused.
    pub fn unpause(env: Env, flags: u32) {
        admin::unpause(&env, flags);
    }

    // Roles.

    /// Replaces the operator, at once.
    // Auth: admin. Errors: InvalidAddress. Events: operator_set.
    pub fn set_operator(env: Env, operator: Address) {
        admin::set_operator(&env, &operator);
    }

    /// Replaces the treasury, which also gets the fees not yet collected.
    // Auth: admin. Errors: InvalidAddress. Events: treasury_set.
    pub fn set_treasury(env: Env, treasury: Address) {
        admin::set_treasury(&env, &treasury);
    }

    /// Proposes a new admin, who must accept; replaces an earlier proposal.
    // Auth: admin. Errors: InvalidAddress. Events: admin_proposed.
    pub fn propose_admin(env: Env, admin: Address) {
        admin::propose_admin(&env, &admin);
    }

    /// Makes the proposed admin the admin.
    // Auth: the proposed admin. Errors: NoPendingAdmin. Events: admin_accepted.
    pub fn accept_admin(env: Env) {
        admin::accept_admin(&env);
    }

    // Upgrades.

    /// Announces new code, which can be applied after the upgrade delay, for 7 days; replaces an earlier proposal.
    // Auth: admin. Events: upgrade_proposed.
    pub fn propose_upgrade(env: Env, hash: BytesN<32>) {
        admin::propose_upgrade(&env, hash);
    }

    /// Puts the announced code in place.
    // Auth: admin. Errors: NoPendingUpgrade, UpgradeTooEarly, UpgradeExpired. Events: upgrade_applied.
    pub fn apply_upgrade(env: Env) {
        admin::apply_upgrade(&env);
    }

    /// Takes the announced upgrade back.
    // Auth: admin. Errors: NoPendingUpgrade. Events: upgrade_cancelled.
    pub fn cancel_upgrade(env: Env) {
        admin::cancel_upgrade(&env);
    }

    /// Brings storage to the layout of the code in place, after an upgrade that asks for it.
    // Auth: admin. Errors: NothingToMigrate. Events: migrated.
    pub fn migrate(env: Env) {
        admin::migrate(&env);
    }

    /// Pays out tokens that were sent to the vault without a deposit: at most its token balance less its liabilities.
    // Auth: admin. Errors: InvalidAmount, InvalidAddress, NoSurplus. Events: swept.
    pub fn sweep(env: Env, to: Address, amount: i128) {
        admin::sweep(&env, &to, amount);
    }

    // Views.

    /// The account now; zeros and the default limit if nobody has deposited for it.
    pub fn account(env: Env, account: Address) -> AccountView {
        account::view(&env, &account)
    }

    /// What the payee earned in the lane, and what of it was paid to it and to the treasury.
    pub fn earnings(env: Env, payee: Address, lane: u32) -> EarningsView {
        storage::earnings(&env, &payee, lane)
    }

    /// Roles, configuration, pause flags and proposals.
    pub fn config(env: Env) -> VaultInfo {
        admin::info(&env)
    }

    /// The lane's last batch: its number, root, the chain of all roots, the ledger it landed in.
    pub fn last_batch(env: Env, lane: u32) -> LaneView {
        storage::lane(&env, lane)
    }

    /// What the vault owes to accounts, payees and treasury together.
    pub fn liabilities(env: Env) -> i128 {
        storage::liabilities(&env)
    }

    /// Whether the payee is listed.
    pub fn is_payee(env: Env, payee: Address) -> bool {
        storage::is_payee(&env, &payee)
    }

    /// The version of the storage layout.
    pub fn version(env: Env) -> u32 {
        storage::version(&env)
    }
}
