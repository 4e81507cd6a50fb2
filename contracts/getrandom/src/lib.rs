//! Stands in for getrandom 0.2 in this workspace.
//!
//! The Soroban host asks for getrandom 0.2 with its `js` feature, which pulls
//! wasm-bindgen imports into the WebAssembly module that nothing outside a
//! browser provides. The host never needs ambient randomness for what the
//! embedded network does (its generator is seeded by the caller), so in
//! WebAssembly asking for some is an error; native tests get the real thing.

use core::{fmt, num::NonZeroU32};

/// The error type of getrandom 0.2, as far as its dependents look at it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Error(NonZeroU32);

impl Error {
    pub const INTERNAL_START: u32 = 1 << 31;
    pub const CUSTOM_START: u32 = (1 << 31) + (1 << 30);
    pub const UNSUPPORTED: Error = match NonZeroU32::new(Self::INTERNAL_START) {
        Some(code) => Error(code),
        None => unreachable!(),
    };

    pub const fn code(self) -> NonZeroU32 {
        self.0
    }

    pub fn raw_os_error(self) -> Option<i32> {
        None
    }
}

impl From<NonZeroU32> for Error {
    fn from(code: NonZeroU32) -> Self {
        Error(code)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no source of randomness on this target")
    }
}

impl std::error::Error for Error {}

impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        std::io::Error::other(error)
    }
}

/// Fills `dest` with random bytes, or says that there are none to be had.
#[cfg(target_family = "wasm")]
pub fn getrandom(_dest: &mut [u8]) -> Result<(), Error> {
    Err(Error::UNSUPPORTED)
}

/// Fills `dest` with random bytes, or says that there are none to be had.
#[cfg(not(target_family = "wasm"))]
pub fn getrandom(dest: &mut [u8]) -> Result<(), Error> {
    getrandom03::fill(dest).map_err(|_| Error::UNSUPPORTED)
}
