//! Two descriptor sets to every rule.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (old, new) = compat::hostile::halves(bytes);
    compat::hostile::rules(old, new);
});
