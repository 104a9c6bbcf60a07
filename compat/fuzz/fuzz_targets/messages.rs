//! A descriptor set and bytes to the codec.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (set, message) = compat::hostile::halves(bytes);
    compat::hostile::messages(set, message);
});
