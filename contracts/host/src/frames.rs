//! Frames: the fields of a request and of an answer, one after another.
//!
//! Integers are little-endian; bytes are a `u32` length and the bytes; a list
//! is a `u32` count and its items; absent XDR is a length of zero, which no
//! XDR value has. The first field of every answer is its [`status`].

use soroban_env_host::xdr::{ReadXdr, ScErrorCode, ScVal, WriteXdr};
use soroban_env_host::{HostError, DEFAULT_XDR_RW_LIMITS};

/// The first field of an answer.
pub mod status {
    /// The host ran and succeeded.
    pub const OK: u32 = 0;
    /// The host ran and the invocation failed, as it would on a real network.
    pub const FAILED: u32 = 1;
    /// The request could not be read: a text follows.
    pub const MALFORMED: u32 = 2;
    /// The ledger or its settings could not be used: a text follows.
    pub const UNUSABLE_LEDGER: u32 = 3;
}

/// Why a request got no answer from the host.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The caller sent something that is not a request.
    Malformed(String),
    /// The ledger behind the look-ups does not hold what a network must hold.
    UnusableLedger(String),
}

impl Refusal {
    /// A ledger refusal out of any error the host's crates return.
    pub fn ledger(what: &str, error: impl std::fmt::Debug) -> Self {
        Refusal::UnusableLedger(format!("{what}: {error:?}"))
    }

    pub fn write(&self, frame: &mut Writer) {
        let (status, text) = match self {
            Refusal::Malformed(text) => (status::MALFORMED, text),
            Refusal::UnusableLedger(text) => (status::UNUSABLE_LEDGER, text),
        };
        frame.u32(status);
        frame.bytes(text.as_bytes());
    }
}

/// A frame to send back, or why there is none.
pub type Answer = Result<Vec<u8>, Refusal>;

/// Takes the fields of a request in order.
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(frame: &'a [u8]) -> Self {
        Reader { rest: frame }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Refusal> {
        if length > self.rest.len() {
            return Err(Refusal::Malformed(format!(
                "the frame ends {} bytes early",
                length - self.rest.len()
            )));
        }
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub fn u32(&mut self) -> Result<u32, Refusal> {
        self.array().map(u32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Result<u64, Refusal> {
        self.array().map(u64::from_le_bytes)
    }

    pub fn bytes(&mut self) -> Result<&'a [u8], Refusal> {
        let length = self.u32()?;
        self.take(length as usize)
    }

    pub fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, Refusal>,
    ) -> Result<Vec<T>, Refusal> {
        let count = self.u32()?;
        (0..count).map(|_| item(self)).collect()
    }

    pub fn xdr<T: ReadXdr>(&mut self, what: &str) -> Result<T, Refusal> {
        decode(self.bytes()?, what)
    }

    pub fn xdr_list<T: ReadXdr>(&mut self, what: &str) -> Result<Vec<T>, Refusal> {
        self.list(|frame| frame.xdr(what))
    }

    /// Bytes left over mean that the two sides disagree about the fields.
    pub fn end(self) -> Result<(), Refusal> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(Refusal::Malformed(format!(
                "{left} bytes after the end of the frame"
            ))),
        }
    }
}

/// Decodes a caller's XDR.
pub fn decode<T: ReadXdr>(bytes: &[u8], what: &str) -> Result<T, Refusal> {
    T::from_xdr(bytes, DEFAULT_XDR_RW_LIMITS)
        .map_err(|error| Refusal::Malformed(format!("{what} is not valid XDR: {error}")))
}

/// Encodes what the host produced.
pub fn encode(value: &impl WriteXdr, what: &str) -> Result<Vec<u8>, Refusal> {
    value
        .to_xdr(DEFAULT_XDR_RW_LIMITS)
        .map_err(|error| Refusal::Malformed(format!("{what} cannot be encoded: {error}")))
}

/// Puts the fields of an answer together.
#[derive(Default)]
pub struct Writer {
    frame: Vec<u8>,
}

impl Writer {
    pub fn u32(&mut self, value: u32) {
        self.frame.extend_from_slice(&value.to_le_bytes());
    }

    pub fn u64(&mut self, value: u64) {
        self.frame.extend_from_slice(&value.to_le_bytes());
    }

    pub fn i64(&mut self, value: i64) {
        self.frame.extend_from_slice(&value.to_le_bytes());
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.u32(bytes.len() as u32);
        self.frame.extend_from_slice(bytes);
    }

    pub fn list<T>(
        &mut self,
        items: &[T],
        mut item: impl FnMut(&mut Self, &T) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        self.u32(items.len() as u32);
        items.iter().try_for_each(|value| item(self, value))
    }

    pub fn xdr(&mut self, value: &impl WriteXdr, what: &str) -> Result<(), Refusal> {
        self.bytes(&encode(value, what)?);
        Ok(())
    }

    pub fn optional_xdr(
        &mut self,
        value: Option<&impl WriteXdr>,
        what: &str,
    ) -> Result<(), Refusal> {
        match value {
            Some(value) => self.xdr(value, what),
            None => {
                self.bytes(&[]);
                Ok(())
            }
        }
    }

    pub fn xdr_list(&mut self, values: &[impl WriteXdr], what: &str) -> Result<(), Refusal> {
        self.list(values, |frame, value| frame.xdr(value, what))
    }

    /// A text for people and the host's error as the `ScVal` programs look at.
    pub fn host_error(&mut self, text: &str, error: &HostError) -> Result<(), Refusal> {
        self.bytes(text.as_bytes());
        let code = error
            .error
            .try_into()
            .unwrap_or(soroban_env_host::xdr::ScError::Context(
                ScErrorCode::InternalError,
            ));
        self.xdr(&ScVal::Error(code), "the error value")
    }

    pub fn finish(self) -> Vec<u8> {
        self.frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back_in_the_order_they_were_written() {
        let mut frame = Writer::default();
        frame.u32(7);
        frame.u64(u64::MAX);
        frame.bytes(b"abc");
        frame
            .list(&[1u32, 2], |frame, value| {
                frame.u32(*value);
                Ok(())
            })
            .unwrap();
        let frame = frame.finish();
        let mut reader = Reader::new(&frame);
        assert_eq!(reader.u32(), Ok(7));
        assert_eq!(reader.u64(), Ok(u64::MAX));
        assert_eq!(reader.bytes(), Ok(b"abc".as_slice()));
        assert_eq!(reader.list(Reader::u32), Ok(vec![1, 2]));
        assert_eq!(reader.end(), Ok(()));
    }

    #[test]
    fn a_count_that_the_frame_cannot_hold_is_refused_before_memory_is_taken() {
        let frame = u32::MAX.to_le_bytes();
        assert!(Reader::new(&frame).list(Reader::u32).is_err());
    }

    #[test]
    fn absent_xdr_is_a_length_of_zero() {
        let mut frame = Writer::default();
        frame.optional_xdr(None::<&ScVal>, "nothing").unwrap();
        assert_eq!(frame.finish(), [0; 4]);
    }
}
