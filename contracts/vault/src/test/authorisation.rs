//! Who must sign: for each entry point exactly these, for exactly these arguments.
use std::vec::Vec as List;

use soroban_sdk::testutils::{AuthorizedFunction, MockAuth, MockAuthInvoke};
use soroban_sdk::{Address, Error as HostError, IntoVal, InvokeError, Symbol, Val, Vec};

use super::upgrades::upload;
use super::world::{DAY_S, USDC, World, config};

/// A call that succeeds on a fresh stage, and who signs it.
struct Call {
    name: &'static str,
    arguments: Vec<Val>,
    signers: List<Address>,
    /// A deposit's signature also covers the transfer that it causes.
    transfer: Option<Vec<Val>>,
}

/// Prepares the world in which every call below can succeed, and describes the calls.
fn calls(w: &World) -> List<Call> {
    let env = &w.env;
    let [consumer, other, wallet] = w.people();
    let [payee, removed] = w.payees();
    let [newcomer] = w.people();
    w.deposit(&consumer, 10 * USDC);
    w.mint(&consumer, 10 * USDC);
    w.mint(&w.vault.address, USDC);
    w.vault.request_withdraw(&consumer, &USDC);
    w.vault.propose_admin(&newcomer);
    w.vault.propose_upgrade(&upload(env));
    w.vault.pause(&w.admin, &2);
    w.vault.unpause(&2);
    w.env.as_contract(&w.vault.address, || crate::storage::set_version(env, 0));
    w.pass(config().upgrade_delay_s.max(DAY_S));

    let charges = w.charges(&[(&payee, &[(&consumer, USDC)])]);
    let transfer = |from: &Address| Some((from, &w.vault.address, USDC).into_val(env));
    let call = |name, arguments: Vec<Val>, signers: &[&Address]| Call {
        name,
        arguments,
        signers: signers.iter().map(|signer| (*signer).clone()).collect(),
        transfer: None,
    };
    std::vec![
        Call { transfer: transfer(&consumer), ..call("deposit", (&consumer, &other, USDC).into_val(env), &[&consumer]) },
        Call {
            transfer: transfer(&consumer),
            ..call("deposit_once", (&consumer, &other, USDC, 1_u64).into_val(env), &[&consumer])
        },
        call("settle", (0_u32, 1_u64, w.root(1), charges).into_val(env), &[&w.operator]),
        call("set_limit", (&consumer, USDC).into_val(env), &[&consumer]),
        call("request_withdraw", (&consumer, USDC).into_val(env), &[&consumer]),
        call("cancel_withdraw", (&consumer,).into_val(env), &[&consumer]),
        call("withdraw", (&consumer, &wallet).into_val(env), &[&consumer]),
        call("withdraw_now", (&consumer, &wallet, USDC).into_val(env), &[&consumer, &w.operator]),
        call("claim", (&payee, 0_u32).into_val(env), &[]),
        call("collect_fee", (&payee, 0_u32).into_val(env), &[]),
        call("set_payout", (&payee, &wallet).into_val(env), &[&payee]),
        call("add_payee", (&other,).into_val(env), &[&w.admin]),
        call("remove_payee", (&removed,).into_val(env), &[&w.admin]),
        call("pause", (&w.operator, 1_u32).into_val(env), &[&w.operator]),
        call("pause", (&w.admin, 1_u32).into_val(env), &[&w.admin]),
        call("unpause", (1_u32,).into_val(env), &[&w.admin]),
        call("set_operator", (&other,).into_val(env), &[&w.admin]),
        call("set_treasury", (&other,).into_val(env), &[&w.admin]),
        call("propose_admin", (&other,).into_val(env), &[&w.admin]),
        call("accept_admin", Vec::new(env), &[&newcomer]),
        call("propose_upgrade", (w.root(7),).into_val(env), &[&w.admin]),
        call("cancel_upgrade", Vec::new(env), &[&w.admin]),
        call("apply_upgrade", Vec::new(env), &[&w.admin]),
        call("migrate", Vec::new(env), &[&w.admin]),
        call("sweep", (&wallet, USDC).into_val(env), &[&w.admin]),
        call("account", (&consumer,).into_val(env), &[]),
        call("earnings", (&payee, 0_u32).into_val(env), &[]),
        call("config", Vec::new(env), &[]),
        call("last_batch", (0_u32,).into_val(env), &[]),
        call("liabilities", Vec::new(env), &[]),
        call("is_payee", (&payee,).into_val(env), &[]),
        call("forwarded", (&consumer, 1_u64).into_val(env), &[]),
        call("version", Vec::new(env), &[]),
    ]
}

impl Call {
    fn make(&self, w: &World) -> Result<Result<Val, soroban_sdk::ConversionError>, Result<HostError, InvokeError>> {
        w.env.try_invoke_contract(&w.vault.address, &Symbol::new(&w.env, self.name), self.arguments.clone())
    }

    /// Makes the call with signatures of `signers` only, over `arguments`.
    fn signed(&self, w: &World, signers: &[Address], arguments: &Vec<Val>) -> bool {
        let transfers: List<MockAuthInvoke> = self
            .transfer
            .iter()
            .map(|arguments| MockAuthInvoke {
                contract: &w.token.address,
                fn_name: "transfer",
                args: arguments.clone(),
                sub_invokes: &[],
            })
            .collect();
        let invoke =
            MockAuthInvoke { contract: &w.vault.address, fn_name: self.name, args: arguments.clone(), sub_invokes: &transfers };
        let auths: List<MockAuth> = signers.iter().map(|address| MockAuth { address, invoke: &invoke }).collect();
        w.env.mock_auths(&auths);
        self.make(w).is_ok()
    }
}

/// Runs `check` with each call on a stage of its own.
fn for_each_call(check: impl Fn(&World, &Call)) {
    let count = calls(&World::new()).len();
    for index in 0..count {
        let w = World::new();
        check(&w, &calls(&w)[index]);
    }
}

#[test]
fn each_call_asks_for_the_signatures_it_should_and_no_others() {
    for_each_call(|w, call| {
        assert!(call.make(w).is_ok(), "{}", call.name);
        let mut asked: List<Address> = std::vec![];
        for (address, invocation) in w.env.auths() {
            let expected =
                AuthorizedFunction::Contract((w.vault.address.clone(), Symbol::new(&w.env, call.name), call.arguments.clone()));
            assert_eq!(invocation.function, expected, "{}: the signature covers all arguments", call.name);
            asked.push(address);
        }
        let mut expected = call.signers.clone();
        expected.sort();
        asked.sort();
        assert_eq!(asked, expected, "{}", call.name);
    });
}

#[test]
fn the_right_signatures_suffice() {
    for_each_call(|w, call| assert!(call.signed(w, &call.signers, &call.arguments), "{}", call.name));
}

#[test]
fn no_signature_can_be_missing_or_replaced() {
    for_each_call(|w, call| {
        let [stranger] = w.people();
        for missing in 0..call.signers.len() {
            let mut signers = call.signers.clone();
            signers.remove(missing);
            assert!(!call.signed(w, &signers, &call.arguments), "{} without signature {missing}", call.name);
            for impostor in [&stranger, &w.admin, &w.operator, &w.treasury] {
                if !call.signers.contains(impostor) {
                    signers.push(impostor.clone());
                    assert!(!call.signed(w, &signers, &call.arguments), "{} by someone else", call.name);
                    signers.pop();
                }
            }
        }
    });
}

#[test]
fn a_signature_is_worth_nothing_for_other_arguments() {
    for_each_call(|w, call| {
        if call.signers.is_empty() || call.arguments.is_empty() {
            return;
        }
        let mut others = call.arguments.clone();
        others.pop_back();
        others.push_back(Val::VOID.into());
        assert!(!call.signed(w, &call.signers, &others), "{}", call.name);
    });
}

#[test]
fn an_operator_that_is_its_own_consumer_signs_once() {
    let w = World::new();
    let operator = w.operator.clone();
    w.deposit(&operator, USDC);
    let invoke = MockAuthInvoke {
        contract: &w.vault.address,
        fn_name: "withdraw_now",
        args: (&operator, &operator, USDC).into_val(&w.env),
        sub_invokes: &[],
    };
    w.env.mock_auths(&[MockAuth { address: &operator, invoke: &invoke }]);
    w.vault.withdraw_now(&operator, &operator, &USDC);
    assert_eq!(w.token.balance(&operator), USDC);
}
