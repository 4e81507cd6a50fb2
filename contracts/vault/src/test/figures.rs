//! Awkward numbers, worked out by hand: a call costs 0.0000007 USDC (7 units), the fee is 37 basis points.
use super::world::{USDC, World};
use crate::EarningsView;

const PRICE: i128 = 7;

/// Calls per batch for (first payee by two accounts, second payee by two accounts). Both ways: 10,007 and 4,999 calls for
/// the first payee, 3 and 1 for the second.
type Cut = [[i128; 4]; 7];
const EVEN: Cut = [
    [1_430, 714, 1, 0],
    [1_430, 714, 0, 0],
    [1_430, 714, 1, 0],
    [1_430, 714, 0, 1],
    [1_430, 714, 1, 0],
    [1_430, 714, 0, 0],
    [1_427, 715, 0, 0],
];
const LOPSIDED: Cut =
    [[1, 1, 0, 0], [1, 1, 0, 0], [9_999, 2, 0, 0], [1, 4_000, 3, 1], [1, 1, 0, 0], [3, 993, 0, 0], [1, 1, 0, 0]];

#[test]
fn seven_batches_earn_and_cost_the_same_however_they_are_cut() {
    // First payee: 15,006 calls = 105,042 units; 105,042 * 37 / 10,000 = 388.6554, so 388 are the fee and 104,654 the net.
    // Second payee: 4 calls = 28 units; 0.1036 rounds down to no fee.
    for cut in [EVEN, LOPSIDED] {
        for claim_after_each_batch in [false, true] {
            let w = World::new();
            let [first, second] = w.payees();
            let [a, b] = w.consumers(USDC);
            for [first_a, first_b, second_a, second_b] in cut {
                let used = |calls: [i128; 2]| {
                    let lines = [(&a, calls[0] * PRICE), (&b, calls[1] * PRICE)];
                    lines.into_iter().filter(|line| line.1 > 0).collect::<std::vec::Vec<_>>()
                };
                w.settle(0, &[(&first, &used([first_a, first_b])), (&second, &used([second_a, second_b]))]);
                if claim_after_each_batch {
                    w.vault.claim(&first, &0);
                    w.vault.collect_fee(&first, &0);
                    w.vault.claim(&second, &0);
                }
            }
            for payee in [&first, &second] {
                w.vault.claim(payee, &0);
                w.vault.collect_fee(payee, &0);
            }

            assert_eq!(w.vault.last_batch(&0).batch, 7);
            let first_earned = EarningsView { gross: 105_042, net_paid: 104_654, fee_paid: 388 };
            assert_eq!(w.vault.earnings(&first, &0), first_earned);
            let second_earned = EarningsView { gross: 28, net_paid: 28, fee_paid: 0 };
            assert_eq!(w.vault.earnings(&second, &0), second_earned);
            assert_eq!(w.token.balance(&first), 104_654);
            assert_eq!(w.token.balance(&second), 28);
            assert_eq!(w.token.balance(&w.treasury), 388);
            assert_eq!(w.balance(&a), USDC - (10_007 + 3) * PRICE);
            assert_eq!(w.balance(&b), USDC - (4_999 + 1) * PRICE);
            assert_eq!(w.held(), 2 * USDC - 105_070);
            assert_eq!(w.vault.liabilities(), 2 * USDC - 105_070);
        }
    }
}

#[test]
fn a_fee_becomes_due_with_the_unit_that_completes_it() {
    // 37 bps of 270 units is 0.999, of 271 units 1.0027.
    let w = World::new();
    let [payee] = w.payees();
    let [consumer] = w.consumers(USDC);
    w.settle(0, &[(&payee, &[(&consumer, 270)])]);
    assert_eq!(w.vault.collect_fee(&payee, &0), 0);
    assert_eq!(w.vault.claim(&payee, &0), 270);
    w.settle(0, &[(&payee, &[(&consumer, 1)])]);
    assert_eq!(w.vault.claim(&payee, &0), 0, "the 271st unit is the fee");
    assert_eq!(w.vault.collect_fee(&payee, &0), 1);
}
