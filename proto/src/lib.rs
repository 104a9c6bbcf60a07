//! The ground: the interface's text, its descriptors and the code made of it.
//!
//! Without the feature `grpc` this is messages and constants alone; with it
//! come tonic clients and servers. The generated code is committed, so nobody
//! needs a protobuf compiler; a test keeps it fresh.

pub mod interface;
pub mod released;

/// Aperio's packages.
pub mod aperio {
    /// The interface between host and plugin.
    pub mod plugin {
        /// Major 1.
        #[allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub)]
        pub mod v1 {
            include!("generated/aperio.plugin.v1.rs");
        }
    }
    /// The product's event payloads.
    pub mod contracts {
        /// Version 1.
        #[allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub)]
        pub mod v1 {
            include!("generated/aperio.contracts.v1.rs");
        }
    }
}

/// The packages of the event bus.
pub mod cerebro {
    /// Version 1.
    #[allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub)]
    pub mod v1 {
        include!("generated/cerebro.v1.rs");
    }
}

/// go-plugin's own services (proto package `plugin`).
#[allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub)]
pub mod goplugin {
    include!("generated/plugin.rs");
}

/// gRPC's own services.
pub mod grpc {
    /// Health.
    pub mod health {
        /// Version 1.
        #[allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub)]
        pub mod v1 {
            include!("generated/grpc.health.v1.rs");
        }
    }
    /// Reflection; both versions are one on the wire.
    pub mod reflection {
        /// Version 1.
        #[allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub)]
        pub mod v1 {
            include!("generated/grpc.reflection.v1.rs");
        }
        /// What it was called before.
        #[allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub)]
        pub mod v1alpha {
            include!("generated/grpc.reflection.v1alpha.rs");
        }
    }
}

/// Status details.
pub mod google {
    /// Version-less, as in the public package.
    #[allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub)]
    pub mod rpc {
        include!("generated/google.rpc.rs");
    }
}

/// Every file of this crate with its imports, as an encoded
/// `google.protobuf.FileDescriptorSet` without source info.
pub const DESCRIPTORS: &[u8] = include_bytes!("generated/descriptors.binpb");

/// Lower-case hex SHA-256 of the interface's canonical descriptor set: package
/// `aperio.plugin.v1` and everything it imports but `google/protobuf/*`,
/// files sorted by name, no source info.
pub const DESCRIPTOR_DIGEST: &str = include_str!("generated/digest.txt");

/// Major of the interface: application protocol of the handshake line and
/// suffix of the package.
pub const INTERFACE_MAJOR: u32 = 1;

/// Newest minor of the interface this crate holds, as (major, minor).
pub const INTERFACE_VERSION: (u32, u32) = (INTERFACE_MAJOR, 2);

/// Domain of every `ErrorInfo` of the interface.
pub const ERROR_DOMAIN: &str = "plugin.aperio.io";

/// The magic cookie: a guard against starting a plugin by hand.
pub mod cookie {
    /// Name of the environment variable.
    pub const KEY: &str = "APERIO_PLUGIN_MAGIC_COOKIE";
    /// Its value, frozen with major 1.
    pub const VALUE: &str = "ffc4eb960bb1f451083f30800809341151617e252a1d46049ea659e2a8bc533c";
}

/// Names of the environment variables of a launch.
pub mod env {
    /// Majors the host offers, decimal, comma-separated.
    pub const PROTOCOL_VERSIONS: &str = "PLUGIN_PROTOCOL_VERSIONS";
    /// The host's certificate as PEM text; present under AutoMTLS.
    pub const CLIENT_CERT: &str = "PLUGIN_CLIENT_CERT";
    /// `true` where the host asks for one multiplexed connection.
    pub const MULTIPLEX_GRPC: &str = "PLUGIN_MULTIPLEX_GRPC";
    /// Directory for every socket the plugin makes.
    pub const UNIX_SOCKET_DIR: &str = "PLUGIN_UNIX_SOCKET_DIR";
    /// Lowest TCP port to listen on.
    pub const MIN_PORT: &str = "PLUGIN_MIN_PORT";
    /// Highest TCP port to listen on.
    pub const MAX_PORT: &str = "PLUGIN_MAX_PORT";
}
