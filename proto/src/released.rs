//! The released versions of the interface, as they were frozen.

/// One release: the two files of its lock.
#[derive(Debug, Clone, Copy)]
pub struct Released {
    /// Its version, `X.Y.Z`.
    pub version: &'static str,
    /// Package `aperio.plugin.v1` with everything it imports, in canonical
    /// form, as an encoded `google.protobuf.FileDescriptorSet`.
    pub descriptor_set: &'static [u8],
    /// Its digests, a line each: of what is declared, of the comments, of the
    /// bytes of the set.
    pub digest: &'static str,
}

macro_rules! released {
    ($($version:literal)+) => {
        &[$(Released {
            version: $version,
            descriptor_set: include_bytes!(concat!("../released/", $version, "/descriptor_set.binpb")),
            digest: include_str!(concat!("../released/", $version, "/digest")),
        }),+]
    };
}

/// Every release, oldest first: the directories of `proto/released`.
pub const RELEASED: &[Released] = released!["1.0.0" "1.1.0" "1.2.0"];
