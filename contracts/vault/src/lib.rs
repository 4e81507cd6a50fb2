//! Callora's vault: it holds the USDC that consumers prepaid, lets the operator take what was used, and lets everyone
//! leave without the operator's help. `contract` is the interface; the modules behind it hold one subject each.
#![no_std]

#[cfg(test)]
extern crate std;

mod account;
mod admin;
mod contract;
mod deposit;
mod earnings;
mod errors;
mod events;
mod optional;
mod settle;
mod storage;
mod withdraw;

#[cfg(test)]
mod test;

pub use account::AccountView;
pub use admin::{Config, PendingUpgrade, VaultInfo};
pub use contract::{Vault, VaultClient};
pub use earnings::EarningsView;
pub use errors::Error;
pub use optional::Option as Optional;
pub use settle::{LaneView, Line, PayeeCharges};
