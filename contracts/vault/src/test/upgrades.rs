use soroban_sdk::{Bytes, BytesN, Env, Executable};

use super::world::{DAY_S, START, World, config, refused};
use crate::{Error, PendingUpgrade};

const WINDOW_S: u64 = 7 * DAY_S;

/// The smallest code the host accepts: a module with nothing but the version of the host's interface.
pub fn upload(env: &Env) -> BytesN<32> {
    let mut wasm = std::vec![0x00, b'a', b's', b'm', 0x01, 0x00, 0x00, 0x00];
    let name = b"contractenvmetav0";
    let meta = [0, 0, 0, 0, 0, 0, 0, 27, 0, 0, 0, 0];
    wasm.extend([0x00, (1 + name.len() + meta.len()) as u8, name.len() as u8]);
    wasm.extend(name);
    wasm.extend(meta);
    env.deployer().upload_contract_wasm(Bytes::from_slice(env, &wasm))
}

fn runs(w: &World, hash: &BytesN<32>) -> bool {
    w.vault.address.executable() == Some(Executable::Wasm(hash.clone()))
}

#[test]
fn an_upgrade_is_announced_and_applied_after_its_delay() {
    let w = World::new();
    let hash = upload(&w.env);
    refused(w.vault.try_apply_upgrade(), Error::NoPendingUpgrade);
    w.vault.propose_upgrade(&hash);
    let apply_after = START + config().upgrade_delay_s;
    let pending = PendingUpgrade { hash: hash.clone(), apply_after, expires_at: apply_after + WINDOW_S };
    assert_eq!(w.vault.config().pending_upgrade.0, Some(pending));

    refused(w.vault.try_apply_upgrade(), Error::UpgradeTooEarly);
    w.pass(config().upgrade_delay_s - 1);
    refused(w.vault.try_apply_upgrade(), Error::UpgradeTooEarly);
    assert!(!runs(&w, &hash));
    w.pass(1);
    w.vault.apply_upgrade();
    assert!(runs(&w, &hash));
}

#[test]
fn an_upgrade_can_be_applied_to_the_last_second_of_its_window_and_no_later() {
    let (early, late) = (World::new(), World::new());
    for (w, seconds) in [(&early, WINDOW_S), (&late, WINDOW_S + 1)] {
        let hash = upload(&w.env);
        w.vault.propose_upgrade(&hash);
        w.pass(config().upgrade_delay_s + seconds);
    }
    early.vault.apply_upgrade();
    refused(late.vault.try_apply_upgrade(), Error::UpgradeExpired);

    // Proposed again, it waits again.
    let hash = upload(&late.env);
    late.vault.propose_upgrade(&hash);
    refused(late.vault.try_apply_upgrade(), Error::UpgradeTooEarly);
    late.pass(config().upgrade_delay_s);
    late.vault.apply_upgrade();
    assert!(runs(&late, &hash));
}

#[test]
fn a_second_proposal_replaces_the_first_and_restarts_the_delay() {
    let w = World::new();
    let hash = upload(&w.env);
    w.vault.propose_upgrade(&w.root(1));
    w.pass(config().upgrade_delay_s);
    w.vault.propose_upgrade(&hash);
    refused(w.vault.try_apply_upgrade(), Error::UpgradeTooEarly);
    w.pass(config().upgrade_delay_s);
    w.vault.apply_upgrade();
    assert!(runs(&w, &hash));
}

#[test]
fn a_cancelled_upgrade_cannot_be_applied() {
    let w = World::new();
    refused(w.vault.try_cancel_upgrade(), Error::NoPendingUpgrade);
    w.vault.propose_upgrade(&upload(&w.env));
    w.vault.cancel_upgrade();
    assert_eq!(w.vault.config().pending_upgrade.0, None);
    w.pass(config().upgrade_delay_s);
    refused(w.vault.try_apply_upgrade(), Error::NoPendingUpgrade);
    refused(w.vault.try_cancel_upgrade(), Error::NoPendingUpgrade);
}

#[test]
fn code_that_was_never_uploaded_cannot_be_applied() {
    let w = World::new();
    w.vault.propose_upgrade(&w.root(9));
    w.pass(config().upgrade_delay_s);
    assert!(w.vault.try_apply_upgrade().is_err());
    assert!(w.vault.config().pending_upgrade.0.is_some(), "the proposal is still there to cancel");
}

#[test]
fn everyone_can_leave_between_the_announcement_and_the_upgrade() {
    let w = World::new();
    let [consumer] = w.consumers(100);
    w.vault.propose_upgrade(&upload(&w.env));
    w.vault.request_withdraw(&consumer, &100);
    w.pass(config().withdraw_delay_s);
    refused(w.vault.try_apply_upgrade(), Error::UpgradeTooEarly);
    assert_eq!(w.vault.withdraw(&consumer, &consumer), 100);
}

#[test]
fn there_is_nothing_to_migrate_in_the_first_layout() {
    let w = World::new();
    refused(w.vault.try_migrate(), Error::NothingToMigrate);
}

#[test]
fn migrate_brings_an_older_layout_to_this_codes_version() {
    let w = World::new();
    w.env.as_contract(&w.vault.address, || crate::storage::set_version(&w.env, 0));
    w.vault.migrate();
    assert_eq!(w.vault.version(), 1);
    refused(w.vault.try_migrate(), Error::NothingToMigrate);
}
