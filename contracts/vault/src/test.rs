//! What the vault guarantees, one subject per file; `world` is the stage they all play on.
mod administration;
mod authorisation;
mod conservation;
mod costs;
mod deposits;
mod earnings;
mod events;
mod figures;
mod lifetime;
mod limits;
mod settlement;
mod upgrades;
mod withdrawals;
mod world;
