//! Parsed contracts, kept between requests as validators keep them: a live
//! contract is parsed once, so an invocation is metered with the cheaper
//! instantiation a real network charges for.

use std::cell::RefCell;
use std::fmt::Debug;

use soroban_env_host::budget::{AsBudget, Budget};
use soroban_env_host::xdr::Hash;
use soroban_env_host::{CompilationContext, Error, ErrorHandler, HostError, ModuleCache, Val};
use soroban_simulation::NetworkConfig;

use crate::frames::Refusal;

/// A contract's code, by the hash its instances name it with.
pub struct Code {
    pub hash: Hash,
    pub wasm: Vec<u8>,
}

thread_local! {
    static PARSED: RefCell<Option<(Unlimited, ModuleCache)>> = const { RefCell::new(None) };
}

/// The parsed contracts, `codes` among them. Parsing is paid by whoever
/// uploaded the code, not by the invocation at hand, hence its own budget.
pub fn with_codes(
    settings: &NetworkConfig,
    protocol: u32,
    codes: &[Code],
) -> Result<ModuleCache, Refusal> {
    PARSED.with(|kept| {
        let mut kept = kept.borrow_mut();
        let (context, cache) = match kept.take() {
            Some(parsed) => kept.insert(parsed),
            None => kept.insert(empty(settings)?),
        };
        for code in codes {
            let known = cache
                .contains_module(&code.hash)
                .map_err(|error| Refusal::ledger("parsed contracts", error))?;
            if !known {
                cache
                    .parse_and_cache_module_simple(context, protocol, &code.wasm)
                    .map_err(|error| Refusal::ledger("a contract's code", error))?;
            }
        }
        Ok(cache.clone())
    })
}

/// Drops every parsed contract.
pub fn forget() {
    PARSED.with(|kept| *kept.borrow_mut() = None);
}

fn empty(settings: &NetworkConfig) -> Result<(Unlimited, ModuleCache), Refusal> {
    let budget = Budget::try_from_configs(
        u64::MAX,
        u64::MAX,
        settings.cpu_cost_params.clone(),
        settings.memory_cost_params.clone(),
    )
    .map_err(|error| Refusal::ledger("cost parameters", error))?;
    let context = Unlimited(budget);
    let cache = ModuleCache::new(&context)
        .map_err(|error| Refusal::ledger("an empty set of contracts", error))?;
    Ok((context, cache))
}

#[derive(Clone)]
struct Unlimited(Budget);

impl AsBudget for Unlimited {
    fn as_budget(&self) -> &Budget {
        &self.0
    }
}

impl ErrorHandler for Unlimited {
    fn map_err<T, E>(&self, result: Result<T, E>) -> Result<T, HostError>
    where
        Error: From<E>,
        E: Debug,
    {
        result.map_err(|error| Error::from(error).into())
    }

    fn error(&self, error: Error, _message: &str, _args: &[Val]) -> HostError {
        error.into()
    }
}

impl CompilationContext for Unlimited {}
