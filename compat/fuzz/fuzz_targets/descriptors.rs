//! Descriptor bytes to the model and its canonical form.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| compat::hostile::descriptors(bytes));
