use soroban_sdk::{Address, Env, contracterror, panic_with_error};

/// Why the vault refused. A number never changes its meaning and is never used again; the hundreds say which part spoke.
/// All are above the token's own error numbers (1 to 13), which pass through when a transfer fails.
#[contracterror]
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum Error {
    // 1xx: arguments
    /// An amount must be above 0 (a limit: at least 0) and at most 2^63 - 1.
    InvalidAmount = 100,
    /// The vault's own address cannot stand here.
    InvalidAddress = 101,
    /// The configuration is outside its bounds.
    InvalidConfig = 102,
    /// The token does not have seven decimals.
    InvalidToken = 103,
    /// Pause flags are 1 (deposits), 2 (settle) or 3 (both).
    InvalidFlags = 104,

    // 2xx: deposits and accounts
    /// Deposits are paused.
    DepositsPaused = 200,
    /// Less than `min_deposit`.
    BelowMinDeposit = 201,
    /// This sender has used this id before.
    AlreadyForwarded = 202,
    /// No deposit was ever made in favour of this account.
    AccountNotFound = 203,
    /// More than the balance.
    InsufficientBalance = 204,

    // 3xx: withdrawals
    /// No withdrawal has been requested.
    NoRequest = 300,
    /// The withdrawal's delay is not over.
    StillLocked = 301,

    // 4xx: settlement
    /// Settlement is paused.
    SettlePaused = 400,
    /// The lane's number is not below `lanes`.
    UnknownLane = 401,
    /// The batch is not the lane's last plus one.
    WrongBatch = 402,
    /// A payee has two groups of charges.
    DuplicatePayee = 403,
    /// An account has two lines in one group.
    DuplicateAccount = 404,
    /// Payees, or the accounts of a payee, are not in ascending order.
    NotSorted = 405,
    /// More lines than one call takes.
    TooManyLines = 406,

    // 5xx: payees and earnings
    /// The payee is listed already.
    PayeeListed = 500,
    /// The payee is not listed.
    PayeeNotListed = 501,
    /// The receiver cannot be paid now; the amount stays owed.
    PayoutFailed = 502,

    // 6xx: administration
    /// Only the operator and the admin may pause.
    NotPauser = 600,
    /// No new admin has been proposed.
    NoPendingAdmin = 601,
    /// No upgrade has been proposed.
    NoPendingUpgrade = 602,
    /// The upgrade's delay is not over.
    UpgradeTooEarly = 603,
    /// The upgrade was not applied in time and must be proposed again.
    UpgradeExpired = 604,
    /// Storage has this code's version.
    NothingToMigrate = 605,
    /// More than the tokens that belong to nobody.
    NoSurplus = 606,
}

/// Ends the invocation and undoes all it did.
pub fn refuse(env: &Env, error: Error) -> ! {
    // By number: the conversion that comes with the enum is a table, which costs half a kilobyte of rent.
    panic_with_error!(env, soroban_sdk::Error::from_contract_error(error as u32))
}

/// Refuses unless `condition` holds.
pub fn ensure(env: &Env, condition: bool, error: Error) {
    if !condition {
        refuse(env, error);
    }
}

/// The range of every amount on the wire. The upper end is what a classic trustline can hold, and leaves the sums of
/// amounts far below the end of i128.
pub fn ensure_amount(env: &Env, amount: i128) {
    ensure(env, amount > 0 && amount <= i64::MAX as i128, Error::InvalidAmount);
}

/// Money that the vault would send or credit to itself could never leave.
pub fn ensure_foreign(env: &Env, address: &Address) {
    ensure(env, *address != env.current_contract_address(), Error::InvalidAddress);
}
