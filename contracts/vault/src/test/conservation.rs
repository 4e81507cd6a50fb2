//! Long random sequences of calls, against a second, plain account of what each call should do. After every call nothing may
//! have been made or lost.
use soroban_sdk::Address;
use soroban_sdk::testutils::Address as _;

use super::world::{DAY_S, MIN_DEPOSIT, World, config};

const ACCOUNTS: usize = 5;
const PAYEES: usize = 3;
const LANES: usize = 2;
const CALLS: usize = 400;

/// Marsaglia's xorshift64: the same sequence on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn index(&mut self, end: usize) -> usize {
        self.below(end as u64) as usize
    }

    /// Mostly small amounts, sometimes far more than there is.
    fn amount(&mut self) -> i128 {
        match self.below(10) {
            0 => 1_000_000 + self.below(1_000_000) as i128,
            1..=3 => 1 + self.below(10) as i128,
            _ => 1 + self.below(3_000) as i128,
        }
    }
}

#[derive(Clone, Default)]
struct Expected {
    deposited: i128,
    settled: i128,
    withdrawn: i128,
    requested: i128,
    unlock_at: u64,
    limit: i128,
    cut: Option<(i128, u64)>,
    used: i128,
    used_in: u64,
}

impl Expected {
    fn balance(&self) -> i128 {
        self.deposited - self.settled - self.withdrawn
    }

    fn limit_at(&self, now: u64) -> i128 {
        match self.cut {
            Some((limit, at)) if now >= at => limit,
            _ => self.limit,
        }
    }

    fn take(&mut self, amount: i128, now: u64) -> i128 {
        if self.used_in != now / config().limit_period_s {
            self.used = 0;
            self.used_in = now / config().limit_period_s;
        }
        let taken = amount.min(self.balance()).min((self.limit_at(now) - self.used).max(0));
        self.used += taken;
        self.settled += taken;
        taken
    }
}

struct Game {
    w: World,
    random: Random,
    accounts: [Address; ACCOUNTS],
    payees: [Address; PAYEES],
    book: [Option<Expected>; ACCOUNTS],
    listed: [bool; PAYEES],
    gross: [[i128; LANES]; PAYEES],
    net_paid: [[i128; LANES]; PAYEES],
    fee_paid: [[i128; LANES]; PAYEES],
    stray: i128,
    succeeded: usize,
}

#[test]
fn no_sequence_of_calls_makes_or_loses_money() {
    for seed in [0x9E37_79B9_7F4A_7C15, 0xD1B5_4A32_D192_ED03, 0x2545_F491_4F6C_DD1D] {
        let mut game = Game::new(seed);
        for call in 0..CALLS {
            game.play();
            game.check(&std::format!("seed {seed:#x}, call {call}"));
        }
        assert!(game.succeeded > CALLS / 3, "most of the sequence must do something: {}", game.succeeded);
        game.everyone_leaves();
    }
}

impl Game {
    fn new(seed: u64) -> Game {
        let w = World::with(crate::Config { default_limit: 5_000, ..config() });
        // The checks read far more than one transaction may.
        w.env.cost_estimate().disable_resource_limits();
        let (accounts, payees) = (w.people(), w.payees());
        Game {
            w,
            random: Random(seed),
            accounts,
            payees,
            book: Default::default(),
            listed: [true; PAYEES],
            gross: Default::default(),
            net_paid: Default::default(),
            fee_paid: Default::default(),
            stray: 0,
            succeeded: 0,
        }
    }

    fn now(&self) -> u64 {
        self.w.env.ledger().timestamp()
    }

    fn play(&mut self) {
        match self.random.below(12) {
            0 | 1 => self.deposit(),
            2..=4 => self.settle(),
            5 => self.set_limit(),
            6 => self.request(),
            7 => self.withdraw(),
            8 => self.withdraw_now(),
            9 => self.pay_out(),
            10 => self.list_or_remove(),
            _ => self.pass_or_stray(),
        }
    }

    fn deposit(&mut self) {
        let index = self.random.index(ACCOUNTS);
        let (account, amount) = (&self.accounts[index], self.random.amount());
        self.w.mint(account, amount);
        let made = self.w.vault.try_deposit(account, account, &amount).is_ok();
        assert_eq!(made, amount >= MIN_DEPOSIT);
        if made {
            let expected = self.book[index].get_or_insert_with(|| Expected { limit: 5_000, ..Default::default() });
            expected.deposited += amount;
            self.succeeded += 1;
        }
    }

    fn settle(&mut self) {
        let now = self.now();
        let lane = self.random.index(LANES);
        let mut groups = std::vec![];
        let mut expected_taken = std::vec![];
        for payee in 0..PAYEES {
            let mut lines = std::vec![];
            for account in 0..ACCOUNTS {
                if self.random.below(3) == 0 {
                    continue;
                }
                let amount = self.random.amount();
                lines.push((&self.accounts[account], amount));
                expected_taken.push(match &mut self.book[account] {
                    _ if !self.listed[payee] => -1,
                    None => 0,
                    Some(expected) => {
                        let taken = expected.take(amount, now);
                        self.gross[payee][lane] += taken;
                        taken
                    }
                });
            }
            groups.push((&self.payees[payee], lines));
        }
        let groups: std::vec::Vec<_> = groups.iter().map(|(payee, lines)| (*payee, lines.as_slice())).collect();
        assert_eq!(self.w.settle(lane as u32, &groups), expected_taken);
        self.succeeded += 1;
    }

    fn set_limit(&mut self) {
        let now = self.now();
        let index = self.random.index(ACCOUNTS);
        let limit = self.random.below(20_000) as i128;
        let made = self.w.vault.try_set_limit(&self.accounts[index], &limit).is_ok();
        assert_eq!(made, self.book[index].is_some());
        if let Some(expected) = &mut self.book[index] {
            expected.limit = expected.limit_at(now);
            expected.cut = None;
            if limit >= expected.limit {
                expected.limit = limit;
            } else {
                expected.cut = Some((limit, now + config().withdraw_delay_s));
            }
            self.succeeded += 1;
        }
    }

    fn request(&mut self) {
        let now = self.now();
        let index = self.random.index(ACCOUNTS);
        let amount = self.random.amount();
        let made = self.w.vault.try_request_withdraw(&self.accounts[index], &amount).is_ok();
        let possible = self.book[index].as_ref().is_some_and(|expected| amount <= expected.balance());
        assert_eq!(made, possible);
        if let (true, Some(expected)) = (made, &mut self.book[index]) {
            (expected.requested, expected.unlock_at) = (amount, now + config().withdraw_delay_s);
            self.succeeded += 1;
        }
    }

    fn withdraw(&mut self) {
        let now = self.now();
        let index = self.random.index(ACCOUNTS);
        let wallet = Address::generate(&self.w.env);
        let paid = self.w.vault.try_withdraw(&self.accounts[index], &wallet).ok().map(Result::unwrap);
        let due = self.book[index].as_mut().filter(|expected| expected.requested > 0 && now >= expected.unlock_at);
        assert_eq!(paid, due.as_ref().map(|expected| expected.requested.min(expected.balance())));
        if let (Some(paid), Some(expected)) = (paid, due) {
            assert_eq!(self.w.token.balance(&wallet), paid);
            expected.withdrawn += paid;
            expected.requested = 0;
            self.succeeded += 1;
        }
    }

    fn withdraw_now(&mut self) {
        let index = self.random.index(ACCOUNTS);
        let amount = self.random.amount();
        let wallet = Address::generate(&self.w.env);
        let made = self.w.vault.try_withdraw_now(&self.accounts[index], &wallet, &amount).is_ok();
        let possible = self.book[index].as_ref().is_some_and(|expected| amount <= expected.balance());
        assert_eq!(made, possible);
        if let (true, Some(expected)) = (made, &mut self.book[index]) {
            assert_eq!(self.w.token.balance(&wallet), amount);
            expected.withdrawn += amount;
            expected.requested = expected.requested.min(expected.balance());
            self.succeeded += 1;
        }
    }

    fn pay_out(&mut self) {
        let (payee, lane) = (self.random.index(PAYEES), self.random.index(LANES));
        let gross = self.gross[payee][lane];
        let fee = gross * config().fee_bps as i128 / 10_000;
        if self.random.below(2) == 0 {
            let paid = self.w.vault.claim(&self.payees[payee], &(lane as u32));
            assert_eq!(paid, gross - fee - self.net_paid[payee][lane]);
            self.net_paid[payee][lane] += paid;
        } else {
            let paid = self.w.vault.collect_fee(&self.payees[payee], &(lane as u32));
            assert_eq!(paid, fee - self.fee_paid[payee][lane]);
            self.fee_paid[payee][lane] += paid;
        }
        self.succeeded += 1;
    }

    fn list_or_remove(&mut self) {
        let payee = self.random.index(PAYEES);
        if self.listed[payee] {
            self.w.vault.remove_payee(&self.payees[payee]);
        } else {
            self.w.vault.add_payee(&self.payees[payee]);
        }
        self.listed[payee] = !self.listed[payee];
        self.succeeded += 1;
    }

    fn pass_or_stray(&mut self) {
        match self.random.below(4) {
            0 => {
                let amount = self.random.amount();
                self.w.mint(&self.w.vault.address, amount);
                self.stray += amount;
            }
            1 => {
                let amount = self.random.amount();
                let made = self.w.vault.try_sweep(&self.w.treasury, &amount).is_ok();
                assert_eq!(made, amount <= self.stray);
                self.stray -= if made { amount } else { 0 };
            }
            _ => self.w.pass(self.random.below(2 * DAY_S)),
        }
    }

    fn check(&self, at: &str) {
        let mut balances = 0;
        for (account, expected) in self.accounts.iter().zip(&self.book) {
            let view = self.w.vault.account(account);
            let expected = expected.clone().unwrap_or(Expected { limit: 5_000, ..Default::default() });
            assert_eq!(
                (view.deposited, view.settled, view.withdrawn, view.requested, view.limit, view.balance),
                (
                    expected.deposited,
                    expected.settled,
                    expected.withdrawn,
                    expected.requested,
                    expected.limit_at(self.now()),
                    expected.balance()
                ),
                "{at}"
            );
            assert!(view.balance >= 0, "{at}");
            balances += view.balance;
        }
        let mut unpaid = 0;
        for (payee, gross) in self.payees.iter().zip(&self.gross) {
            for (lane, gross) in gross.iter().enumerate() {
                let earnings = self.w.vault.earnings(payee, &(lane as u32));
                assert_eq!(earnings.gross, *gross, "{at}");
                assert!(earnings.net_paid + earnings.fee_paid <= earnings.gross, "{at}");
                unpaid += earnings.gross - earnings.net_paid - earnings.fee_paid;
            }
        }
        let settled: i128 = self.book.iter().flatten().map(|expected| expected.settled).sum();
        assert_eq!(settled, self.gross.iter().flatten().sum::<i128>(), "what accounts lost, payees earned: {at}");
        assert_eq!(balances + unpaid, self.w.vault.liabilities(), "{at}");
        assert_eq!(self.w.held(), self.w.vault.liabilities() + self.stray, "{at}");
    }

    /// At any point the vault can pay everyone out, to the last unit.
    fn everyone_leaves(&mut self) {
        for account in &self.accounts {
            if self.w.balance(account) > 0 {
                self.w.vault.request_withdraw(account, &self.w.balance(account));
            }
        }
        self.w.pass(config().withdraw_delay_s);
        for account in &self.accounts {
            if self.w.vault.account(account).requested > 0 {
                self.w.vault.withdraw(account, account);
            }
            assert_eq!(self.w.balance(account), 0);
        }
        for payee in &self.payees {
            for lane in 0..LANES as u32 {
                self.w.vault.claim(payee, &lane);
                self.w.vault.collect_fee(payee, &lane);
            }
        }
        if self.stray > 0 {
            self.w.vault.sweep(&self.w.treasury, &self.stray);
        }
        assert_eq!((self.w.held(), self.w.vault.liabilities()), (0, 0));
    }
}
