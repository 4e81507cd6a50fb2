use std::vec::Vec as List;

use soroban_sdk::xdr::ScVal;
use soroban_sdk::{Address, BytesN, Vec};

use super::world::{DAY_S, USDC, World, refused};
use crate::{EarningsView, Error};

#[test]
fn a_line_takes_what_balance_and_limit_allow() {
    let w = World::new();
    let [rich, poor, limited] = w.consumers(200 * USDC);
    let [payee] = w.payees();
    w.vault.set_limit(&rich, &(500 * USDC));
    w.vault.set_limit(&poor, &(500 * USDC));
    w.vault.withdraw_now(&poor, &poor, &(197 * USDC));

    let taken = w.settle(0, &[(&payee, &[(&rich, 150 * USDC), (&poor, 150 * USDC), (&limited, 150 * USDC)])]);

    assert_eq!(taken, [150 * USDC, 3 * USDC, 100 * USDC]);
    assert_eq!([&rich, &poor, &limited].map(|account| w.balance(account)), [50 * USDC, 0, 100 * USDC]);
    let account = w.vault.account(&rich);
    assert_eq!((account.settled, account.used, account.period), (150 * USDC, 150 * USDC, 20_000));
    let earned = EarningsView { gross: 253 * USDC, net_paid: 0, fee_paid: 0 };
    assert_eq!(w.vault.earnings(&payee, &0), earned);
    assert_eq!(w.vault.liabilities(), 403 * USDC, "settle moves debt, it makes none");
}

#[test]
fn an_account_can_owe_several_payees_in_one_batch() {
    let w = World::new();
    let [consumer, other] = w.consumers(10 * USDC);
    let [first, second, third] = w.payees();
    let taken = w.settle(
        0,
        &[
            (&first, &[(&consumer, 4 * USDC), (&other, USDC)]),
            (&second, &[(&consumer, 5 * USDC)]),
            (&third, &[(&consumer, 3 * USDC), (&other, 2 * USDC)]),
        ],
    );
    assert_eq!(taken, [4 * USDC, USDC, 5 * USDC, USDC, 2 * USDC], "earlier lines come first");
    let gross = [&first, &second, &third].map(|payee| w.vault.earnings(payee, &0).gross);
    assert_eq!(gross, [5 * USDC, 5 * USDC, 3 * USDC]);
    assert_eq!((w.balance(&consumer), w.balance(&other)), (0, 7 * USDC));
}

#[test]
fn unknown_accounts_give_nothing_and_unlisted_payees_get_nothing() {
    let w = World::new();
    let [consumer] = w.consumers(10 * USDC);
    let [stranger] = w.people();
    let [unlisted, listed] = w.people();
    w.vault.add_payee(&listed);
    let mut lines = [(&consumer, USDC), (&stranger, USDC)];
    lines.sort();

    let taken = w.settle(0, &[(&unlisted, &lines), (&listed, &lines)]);

    let expected = if lines[0].0 == &consumer { [-1, -1, USDC, 0] } else { [-1, -1, 0, USDC] };
    assert_eq!(taken, expected);
    w.settle(0, &[(&unlisted, &lines)]);
    assert_eq!(w.events()[0].field("total"), &ScVal::from(0_i128), "-1 is a mark, not money");
    assert_eq!(w.vault.earnings(&unlisted, &0).gross, 0);
    assert_eq!(w.vault.account(&stranger).settled, 0);
    assert_eq!(w.vault.account(&consumer).settled, USDC);
}

#[test]
fn batches_follow_each_other_without_gap_or_repeat_in_each_lane() {
    let w = World::new();
    let nothing = Vec::new(&w.env);
    let settle = |lane: u32, batch: u64| w.vault.try_settle(&lane, &batch, &w.root(1), &nothing);
    for lane in [0, 3] {
        refused(settle(lane, 0), Error::WrongBatch);
        refused(settle(lane, 2), Error::WrongBatch);
        refused(settle(lane, u64::MAX), Error::WrongBatch);
        settle(lane, 1).unwrap().unwrap();
        refused(settle(lane, 1), Error::WrongBatch);
        refused(settle(lane, 3), Error::WrongBatch);
        settle(lane, 2).unwrap().unwrap();
        refused(settle(lane, 1), Error::WrongBatch);
        assert_eq!(w.vault.last_batch(&lane).batch, 2);
    }
    assert_eq!(w.vault.last_batch(&1).batch, 0);
    refused(settle(4, 1), Error::UnknownLane);
    refused(settle(u32::MAX, 1), Error::UnknownLane);
}

#[test]
fn a_repeated_batch_takes_nothing_twice() {
    let w = World::new();
    let [consumer] = w.consumers(10 * USDC);
    let [payee] = w.payees();
    let charges = w.charges(&[(&payee, &[(&consumer, USDC)])]);
    w.vault.settle(&2, &1, &w.root(1), &charges);
    refused(w.vault.try_settle(&2, &1, &w.root(1), &charges), Error::WrongBatch);
    assert_eq!(w.balance(&consumer), 9 * USDC);
    assert_eq!((w.vault.earnings(&payee, &2).gross, w.vault.earnings(&payee, &0).gross), (USDC, 0));
}

#[test]
fn the_chain_commits_to_every_root_in_order() {
    let w = World::new();
    let nothing = Vec::new(&w.env);
    let before = w.vault.last_batch(&1);
    assert_eq!((before.batch, before.ledger), (0, 0));
    assert_eq!((before.root, before.chain), (w.root(0), w.root(0)));

    // Computed apart from this code: sha256(32 zero bytes | 0000000000000001 | 32 times 0x11), then
    // sha256(that | 0000000000000002 | 32 times 0x22).
    for (batch, root, chain) in [
        (1, w.root(0x11), "8bdbfe12a05c9146f45b4ef6d5e2cce12f35ea40cf4c0f06a221669756b0eac1"),
        (2, w.root(0x22), "47fe63f5b04201c9ffe5dc7bc38d3b2b136899d3f38a998c5f0149febad21b1a"),
    ] {
        w.vault.settle(&1, &batch, &root, &nothing);
        let last = w.vault.last_batch(&1);
        assert_eq!((last.batch, last.root, last.ledger), (batch, root, 1_000));
        assert_eq!(last.chain, bytes(&w, chain));
    }
    assert_eq!(w.vault.last_batch(&0).chain, w.root(0), "each lane has its own");
}

#[test]
fn payees_and_their_accounts_ascend_without_duplicates() {
    let w = World::new();
    let [a, b] = w.consumers(10 * USDC);
    let [p, q] = w.payees();
    let refused_with = |groups: &[(&Address, &[(&Address, i128)])], error| {
        refused(w.vault.try_settle(&0, &1, &w.root(1), &w.charges(groups)), error);
    };
    refused_with(&[(&p, &[(&a, 1)]), (&p, &[(&b, 1)])], Error::DuplicatePayee);
    refused_with(&[(&q, &[(&a, 1)]), (&p, &[(&a, 1)])], Error::NotSorted);
    refused_with(&[(&p, &[(&a, 1)]), (&q, &[(&a, 1)]), (&p, &[(&b, 1)])], Error::NotSorted);
    refused_with(&[(&p, &[(&a, 1), (&a, 1)])], Error::DuplicateAccount);
    refused_with(&[(&p, &[(&b, 1), (&a, 1)])], Error::NotSorted);
    refused_with(&[(&p, &[(&a, 1), (&b, 1), (&a, 1)])], Error::NotSorted);
    assert_eq!(w.vault.last_batch(&0).batch, 0);
    assert_eq!(w.settle(0, &[(&p, &[(&a, 1), (&b, 1)]), (&q, &[(&a, 1), (&b, 1)])]), [1, 1, 1, 1]);
}

#[test]
fn classic_accounts_sort_before_contracts_and_then_by_their_bytes() {
    let w = World::new();
    let [contract] = w.consumers(10);
    let [payee] = w.payees();
    // The same 32 bytes would sort the other way round by their text, where C comes before G.
    let classic = w.without_trustline();
    assert!(classic < contract);
    assert_eq!(w.settle(0, &[(&payee, &[(&classic, 1), (&contract, 1)])]), [0, 1]);
}

#[test]
fn amounts_of_lines_are_in_range() {
    let w = World::new();
    let [consumer] = w.consumers(10 * USDC);
    let [payee] = w.payees();
    let [unlisted] = w.people();
    for amount in [0, -1, i64::MAX as i128 + 1, i128::MIN, i128::MAX] {
        for payee in [&payee, &unlisted] {
            let charges = w.charges(&[(payee, &[(&consumer, amount)])]);
            refused(w.vault.try_settle(&0, &1, &w.root(1), &charges), Error::InvalidAmount);
        }
    }
    assert_eq!(w.settle(0, &[(&payee, &[(&consumer, i64::MAX as i128)])]), [10 * USDC]);
}

#[test]
fn a_call_takes_512_lines_and_no_more() {
    let w = World::new();
    let [payee] = w.payees();
    let strangers: [Address; 513] = w.people();
    let lines: List<(&Address, i128)> = strangers.iter().map(|stranger| (stranger, 1)).collect();
    // With this many accounts the network's bound on a footprint comes first; this one bounds the loop and the event.
    w.env.cost_estimate().disable_resource_limits();
    refused(w.vault.try_settle(&0, &1, &w.root(1), &w.charges(&[(&payee, &lines)])), Error::TooManyLines);
    assert_eq!(w.settle(0, &[(&payee, &lines[..512])]).len(), 512);
}

#[test]
fn an_empty_batch_publishes_its_root() {
    let w = World::new();
    let [payee] = w.payees();
    assert!(w.settle(0, &[]).is_empty());
    assert!(w.settle(0, &[(&payee, &[])]).is_empty());
    assert_eq!(w.vault.last_batch(&0).batch, 2);
}

#[test]
fn paused_settlement_is_refused_until_the_pause_ends() {
    let w = World::new();
    let [consumer] = w.consumers(USDC);
    let [payee] = w.payees();
    let charges = w.charges(&[(&payee, &[(&consumer, 1)])]);
    w.vault.pause(&w.operator, &2);
    refused(w.vault.try_settle(&0, &1, &w.root(1), &charges), Error::SettlePaused);
    w.vault.unpause(&2);
    w.vault.pause(&w.operator, &1);
    w.vault.settle(&0, &1, &w.root(1), &charges);
}

/// What the ledger holds when a batch lands may differ from what it held when the batch was made. Each case makes a batch,
/// changes something, and then lets the very same batch land.
#[test]
fn a_batch_lands_whatever_changed_since_it_was_made() {
    type Change = fn(&World, &Address, &Address);
    let cases: [(&str, Change, i128); 9] = [
        ("nothing", |_, _, _| {}, 6 * USDC),
        ("a cooperative withdrawal", |w, account, _| w.vault.withdraw_now(account, account, &(5 * USDC)), 5 * USDC),
        ("everything withdrawn", |w, account, _| w.vault.withdraw_now(account, account, &(10 * USDC)), 0),
        ("a request", |w, account, _| w.vault.request_withdraw(account, &(10 * USDC)), 6 * USDC),
        ("a deposit", |w, account, _| w.deposit(account, USDC), 6 * USDC),
        ("a raised limit", |w, account, _| w.vault.set_limit(account, &(900 * USDC)), 6 * USDC),
        (
            "a cut that ripened",
            |w, account, _| {
                w.vault.set_limit(account, &7);
                w.pass(DAY_S);
            },
            7,
        ),
        ("a removed payee", |w, _, payee| w.vault.remove_payee(payee), -1),
        (
            "another lane's batch",
            |w, account, payee| {
                w.settle(1, &[(payee, &[(account, 8 * USDC)])]);
            },
            2 * USDC,
        ),
    ];
    for (change, make, expected) in cases {
        let w = World::new();
        let [consumer, other] = w.consumers(10 * USDC);
        let [payee] = w.payees();
        let charges = w.charges(&[(&payee, &[(&consumer, 6 * USDC), (&other, USDC)])]);

        make(&w, &consumer, &payee);
        w.vault.settle(&0, &1, &w.root(1), &charges);

        let elsewhere = if expected < 0 { -1 } else { USDC };
        assert_eq!(w.taken(), [expected, elsewhere], "{change}");
        let owed = w.balance(&consumer) + w.balance(&other);
        let earned = w.vault.earnings(&payee, &0).gross + w.vault.earnings(&payee, &1).gross;
        assert_eq!(owed + earned, w.vault.liabilities(), "{change}");
        assert_eq!(w.held(), w.vault.liabilities(), "{change}");
    }
}

#[test]
fn a_line_that_was_worth_nothing_when_the_batch_was_made_is_taken_when_it_lands() {
    let w = World::new();
    let [consumer, newcomer] = w.people();
    let [listed, later] = w.people();
    w.vault.add_payee(&listed);
    w.deposit(&consumer, USDC);
    w.vault.withdraw_now(&consumer, &consumer, &USDC);
    let lines = [(&consumer, 5), (&newcomer, 6)];
    let charges = w.charges(&[(&listed, &lines), (&later, &lines)]);

    w.deposit(&consumer, USDC);
    w.deposit(&newcomer, USDC);
    w.vault.add_payee(&later);
    w.vault.settle(&0, &1, &w.root(1), &charges);

    assert_eq!(w.taken(), [5, 6, 5, 6]);
}

#[test]
fn settle_writes_only_what_moved() {
    let w = World::new();
    let [a, b, empty] = w.consumers(10 * USDC);
    w.vault.withdraw_now(&empty, &empty, &(10 * USDC));
    let [p, q] = w.payees();
    let writes = |lane, groups: &[(&Address, &[(&Address, i128)])]| {
        w.settle(lane, groups);
        // One more was written: the nonce of the operator's signature.
        w.env.cost_estimate().resources().write_entries - 1
    };
    assert_eq!(writes(0, &[]), 1, "the lane");
    assert_eq!(writes(0, &[(&p, &[(&empty, 1)])]), 1, "nothing was taken");
    assert_eq!(writes(0, &[(&p, &[(&a, 1)])]), 3, "lane, account, earnings");
    assert_eq!(writes(0, &[(&p, &[(&a, 1), (&b, 1)]), (&q, &[(&a, 1), (&b, 1)])]), 5, "one entry per account and payee");
}

fn bytes(w: &World, hex: &str) -> BytesN<32> {
    let mut bytes = [0; 32];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * index..2 * index + 2], 16).unwrap();
    }
    BytesN::from_array(&w.env, &bytes)
}
