//! `Option` for a field that is a struct of this contract. The SDK's test build cannot convert `core`'s own there, and the
//! SDK reads field types by name: called `Option`, this one has the same specification and the same wire (void, or the value).
use soroban_sdk::{Env, IntoVal, TryFromVal, Val};

#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Option<T>(pub core::option::Option<T>);

impl<T: TryFromVal<Env, Val>> TryFromVal<Env, Val> for Option<T> {
    type Error = T::Error;

    fn try_from_val(env: &Env, val: &Val) -> Result<Self, Self::Error> {
        Ok(Option(if val.is_void() { None } else { Some(T::try_from_val(env, val)?) }))
    }
}

impl<T: IntoVal<Env, Val>> TryFromVal<Env, Option<T>> for Val {
    type Error = core::convert::Infallible;

    fn try_from_val(env: &Env, option: &Option<T>) -> Result<Self, Self::Error> {
        Ok(option.0.as_ref().map_or(Val::VOID.into(), |value| value.into_val(env)))
    }
}

/// Conversions that the SDK asks of every contract type in its test build.
#[cfg(test)]
mod testutils {
    use super::Option;
    use soroban_sdk::testutils::arbitrary::SorobanArbitrary;
    use soroban_sdk::{Env, IntoVal, TryFromVal, Val, xdr};

    impl<'a, T> TryFrom<&'a Option<T>> for xdr::ScVal
    where
        xdr::ScVal: TryFrom<&'a T, Error = xdr::Error>,
    {
        type Error = xdr::Error;

        fn try_from(option: &'a Option<T>) -> Result<Self, xdr::Error> {
            option.0.as_ref().map_or(Ok(xdr::ScVal::Void), TryFrom::try_from)
        }
    }

    impl<T: IntoVal<Env, Val> + TryFromVal<Env, Val>> SorobanArbitrary for Option<T> {
        type Prototype = ();
    }

    impl<T> TryFromVal<Env, ()> for Option<T> {
        type Error = soroban_sdk::ConversionError;

        fn try_from_val(_: &Env, _: &()) -> Result<Self, Self::Error> {
            Ok(Option(None))
        }
    }
}
