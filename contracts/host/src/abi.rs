//! The exports and imports of the WebAssembly module.
//!
//! An export takes a request that the caller wrote into memory from [`alloc`]
//! and takes it over; it returns a pointer to a `u32` length and the answer,
//! which the caller gives back with [`free`]. After a panic the module has
//! trapped in the middle of something: the caller drops the instance.

use std::alloc::{alloc as allocate, dealloc, handle_alloc_error, Layout};

use crate::{answer, reset as forget, Operation};

#[link(wasm_import_module = "env")]
extern "C" {
    /// Returns 0 when there is no such entry, else a pointer from [`alloc`] to a
    /// `u32` length and that many bytes, see [`crate::ledger::Lookup`].
    fn ledger_get(key: *const u8, length: usize) -> *mut u8;
    /// Tells the text of a panic, just before the trap.
    fn log(text: *const u8, length: usize);
}

/// To be called once, before anything else. Returns the protocol version of the
/// host, the only one it accepts in a ledger header.
#[no_mangle]
pub extern "C" fn init() -> u32 {
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.to_string();
        unsafe { log(text.as_ptr(), text.len()) }
    }));
    soroban_env_host::meta::INTERFACE_VERSION.protocol
}

/// Makes the next request read network settings and contracts afresh.
#[no_mangle]
pub extern "C" fn reset() {
    forget();
}

/// Panics, so that a caller can prove that it recovers.
#[no_mangle]
pub extern "C" fn crash() {
    panic!("crash was called");
}

#[no_mangle]
pub extern "C" fn alloc(length: usize) -> *mut u8 {
    let layout = layout(length);
    let pointer = unsafe { allocate(layout) };
    if pointer.is_null() {
        handle_alloc_error(layout);
    }
    pointer
}

/// # Safety
/// `pointer` comes from [`alloc`] with the same `length` and is not used again.
#[no_mangle]
pub unsafe extern "C" fn free(pointer: *mut u8, length: usize) {
    dealloc(pointer, layout(length));
}

fn layout(length: usize) -> Layout {
    Layout::from_size_align(length.max(1), 4).expect("a length that fits the address space")
}

fn lookup(key: &[u8]) -> Option<Vec<u8>> {
    unsafe {
        let pointer = ledger_get(key.as_ptr(), key.len());
        if pointer.is_null() {
            return None;
        }
        let length = *pointer.cast::<u32>() as usize;
        let found = std::slice::from_raw_parts(pointer.add(4), length).to_vec();
        free(pointer, length + 4);
        Some(found)
    }
}

unsafe fn run(operation: Operation, request: *mut u8, length: usize) -> *mut u8 {
    let answer = answer(
        operation,
        std::slice::from_raw_parts(request, length),
        lookup,
    );
    free(request, length);
    let pointer = alloc(answer.len() + 4);
    pointer.cast::<u32>().write(answer.len() as u32);
    pointer
        .add(4)
        .copy_from_nonoverlapping(answer.as_ptr(), answer.len());
    pointer
}

macro_rules! export {
    ($($name:ident => $operation:ident),* $(,)?) => {$(
        /// # Safety
        /// `request` comes from [`alloc`] with the same `length` and is not used again.
        #[no_mangle]
        pub unsafe extern "C" fn $name(request: *mut u8, length: usize) -> *mut u8 {
            run(Operation::$operation, request, length)
        }
    )*};
}

export! {
    simulate => Simulate,
    invoke => Invoke,
    simulate_extend_ttl => SimulateExtendTtl,
    simulate_restore => SimulateRestore,
    extend_ttl => ExtendTtl,
    restore => Restore,
    resource_fee => ResourceFee,
}
