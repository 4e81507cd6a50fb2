//! A vault with its token and people. Every call is signed by whoever must sign it, unless a test says otherwise.
use core::fmt::Debug;
use std::vec::Vec as List;

use soroban_sdk::testutils::{Address as _, EnvTestConfig, Events as _, Ledger as _, StellarAssetContract};
use soroban_sdk::token::{StellarAssetClient, TokenClient};
use soroban_sdk::xdr::{ContractEvent, ContractEventBody, ScVal};
use soroban_sdk::{Address, BytesN, Env, InvokeError, TryFromVal, Vec};

use crate::{Config, Error, Line, PayeeCharges, Vault, VaultClient};

pub const USDC: i128 = 10_000_000;
pub const DAY_S: u64 = 86_400;
/// The first second of a limit period.
pub const START: u64 = 20_000 * DAY_S;
pub const DEFAULT_LIMIT: i128 = 100 * USDC;
pub const MIN_DEPOSIT: i128 = 10;

pub struct World {
    pub env: Env,
    pub vault: VaultClient<'static>,
    pub token: TokenClient<'static>,
    pub issuer: StellarAssetContract,
    pub admin: Address,
    pub operator: Address,
    pub treasury: Address,
}

pub fn config() -> Config {
    Config {
        fee_bps: 37,
        withdraw_delay_s: DAY_S,
        upgrade_delay_s: 3 * DAY_S,
        default_limit: DEFAULT_LIMIT,
        limit_period_s: DAY_S,
        min_deposit: MIN_DEPOSIT,
        lanes: 4,
    }
}

pub fn empty_env() -> Env {
    let env = Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false });
    env.mock_all_auths();
    env.ledger().with_mut(|ledger| {
        ledger.timestamp = START;
        ledger.sequence_number = 1_000;
        // The public network's.
        ledger.min_persistent_entry_ttl = 120_960;
        ledger.max_entry_ttl = 3_110_400;
    });
    env
}

impl World {
    pub fn new() -> World {
        World::with(config())
    }

    pub fn with(config: Config) -> World {
        World::build(config, |env, arguments| env.register(Vault, arguments))
    }

    /// The same stage with the compiled contract.
    pub fn from_wasm(wasm: &[u8]) -> World {
        World::build(config(), |env, arguments| env.register(wasm, arguments))
    }

    fn build(config: Config, register: impl Fn(&Env, (Address, Address, Address, Address, Config)) -> Address) -> World {
        let env = empty_env();
        let issuer = env.register_stellar_asset_contract_v2(Address::generate(&env));
        let [admin, operator, treasury] = [(); 3].map(|_| Address::generate(&env));
        let token = TokenClient::new(&env, &issuer.address());
        let arguments = (admin.clone(), operator.clone(), token.address.clone(), treasury.clone(), config);
        let vault = VaultClient::new(&env, &register(&env, arguments));
        World { env, vault, token, issuer, admin, operator, treasury }
    }

    /// New addresses in ascending order.
    pub fn people<const N: usize>(&self) -> [Address; N] {
        let mut people = [(); N].map(|_| Address::generate(&self.env));
        people.sort();
        people
    }

    /// New addresses in ascending order, all listed as payees.
    pub fn payees<const N: usize>(&self) -> [Address; N] {
        let payees = self.people();
        for payee in &payees {
            self.vault.add_payee(payee);
        }
        payees
    }

    /// New accounts in ascending order, each with `balance` deposited.
    pub fn consumers<const N: usize>(&self, balance: i128) -> [Address; N] {
        let consumers = self.people();
        for consumer in &consumers {
            self.deposit(consumer, balance);
        }
        consumers
    }

    pub fn mint(&self, to: &Address, amount: i128) {
        StellarAssetClient::new(&self.env, &self.token.address).mint(to, &amount);
    }

    pub fn deposit(&self, account: &Address, amount: i128) {
        self.mint(account, amount);
        self.vault.deposit(account, account, &amount);
    }

    pub fn pass(&self, seconds: u64) {
        self.env.ledger().with_mut(|ledger| ledger.timestamp += seconds);
    }

    /// The address of a classic account that does not exist, hence holds no trustline and cannot be paid.
    pub fn without_trustline(&self) -> Address {
        Address::from_str(&self.env, "GAAZI4TCR3TY5OJHCTJC2A4QSY6CJWJH5IAJTGKIN2ER7LBNVKOCCWN7")
    }

    pub fn balance(&self, account: &Address) -> i128 {
        self.vault.account(account).balance
    }

    pub fn held(&self) -> i128 {
        self.token.balance(&self.vault.address)
    }

    pub fn root(&self, byte: u8) -> BytesN<32> {
        BytesN::from_array(&self.env, &[byte; 32])
    }

    pub fn charges(&self, groups: &[(&Address, &[(&Address, i128)])]) -> Vec<PayeeCharges> {
        let mut charges = Vec::new(&self.env);
        for (payee, lines) in groups {
            let lines = lines.iter().map(|(account, amount)| Line { account: (*account).clone(), amount: *amount });
            charges.push_back(PayeeCharges { payee: (*payee).clone(), lines: Vec::from_iter(&self.env, lines) });
        }
        charges
    }

    /// Settles the next batch of the lane, and says what each line gave.
    pub fn settle(&self, lane: u32, groups: &[(&Address, &[(&Address, i128)])]) -> List<i128> {
        let batch = self.vault.last_batch(&lane).batch + 1;
        self.vault.settle(&lane, &batch, &self.root(batch as u8), &self.charges(groups));
        self.taken()
    }

    /// What the settle just made took, from its event.
    pub fn taken(&self) -> List<i128> {
        let event = self.events().pop().unwrap();
        assert_eq!(event.name, "settled");
        let taken: Vec<i128> = Vec::try_from_val(&self.env, event.field("taken")).unwrap();
        taken.iter().collect()
    }

    /// The vault's events of the last call.
    pub fn events(&self) -> List<Event> {
        self.env.events().all().filter_by_contract(&self.vault.address).events().iter().map(Event::from).collect()
    }
}

/// An event as a reader of the chain sees it.
#[derive(Debug)]
pub struct Event {
    pub name: std::string::String,
    pub topics: List<ScVal>,
    pub data: List<(std::string::String, ScVal)>,
}

impl Event {
    pub fn field(&self, name: &str) -> &ScVal {
        &self.data.iter().find(|(field, _)| field == name).expect(name).1
    }
}

impl From<&ContractEvent> for Event {
    fn from(event: &ContractEvent) -> Event {
        let ContractEventBody::V0(body) = &event.body;
        let mut topics = body.topics.to_vec();
        let ScVal::Symbol(name) = topics.remove(0) else { panic!("a name comes first") };
        let ScVal::Map(Some(data)) = &body.data else { panic!("the data is a map") };
        let data = data.iter().map(|entry| {
            let ScVal::Symbol(field) = &entry.key else { panic!("fields have names") };
            (field.to_utf8_string_lossy(), entry.val.clone())
        });
        Event { name: name.to_utf8_string_lossy(), topics, data: data.collect() }
    }
}

/// The call was refused for this reason.
#[track_caller]
pub fn refused<T: Debug, E: Debug>(outcome: Result<Result<T, E>, Result<soroban_sdk::Error, InvokeError>>, error: Error) {
    let expected = soroban_sdk::Error::from_contract_error(error as u32);
    assert_eq!(outcome.expect_err("refused").expect("an error of the contract"), expected, "expected {error:?}");
}
