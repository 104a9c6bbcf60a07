//! The handshake line, read in two modes.
//!
//! [`go_compatible`] accepts what go-plugin's own host accepts and decides
//! whether a run can go on. [`strict`] names every departure from the
//! contract; verdicts are made of those. Neither reads a clock or a file.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::fmt;
use std::net::SocketAddr;

mod strict;

pub use strict::{Departure, Lint, strict};

/// A field shorter than this is no certificate to go-plugin's host.
const CERTIFICATE_CHARACTERS: usize = 50;

/// What a usable line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Version of go-plugin's own protocol; 1.
    pub core: i64,
    /// Application protocol, the interface's major.
    pub app: i64,
    /// Network of the address.
    pub network: Network,
    /// Socket path, or `ip:port`.
    pub address: String,
    /// What is spoken there.
    pub protocol: Protocol,
    /// The plugin's certificate, DER.
    pub certificate: Option<Vec<u8>>,
    /// Whether multiplexing is promised; none without a seventh field, and
    /// where that is no boolean: go-plugin's host reads it only if it asked.
    pub multiplex: Option<bool>,
}

/// The networks a host dials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// A unix socket.
    Unix,
    /// TCP.
    Tcp,
}

/// The protocols go-plugin knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// gRPC.
    Grpc,
    /// Go's own RPC; out of scope.
    NetRpc,
}

/// What the host asked for; a field is right only in relation to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// `PLUGIN_CLIENT_CERT` was set.
    pub auto_mtls: bool,
    /// `PLUGIN_MULTIPLEX_GRPC` was set.
    pub multiplex: bool,
}

/// Why go-plugin's host refuses a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    /// The field, from 1; 0 is the line as a whole.
    pub field: u8,
    /// The reason in words, close to go-plugin's own.
    pub reason: String,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

fn refuse<T>(field: u8, reason: impl Into<String>) -> Result<T, LineError> {
    Err(LineError {
        field,
        reason: reason.into(),
    })
}

/// Reads a line as go-plugin's host does. Whether the version is one of the
/// offered is the caller's question.
///
/// # Errors
///
/// The field and the reason where go-plugin's host gives up.
pub fn go_compatible(line: &[u8]) -> Result<Line, LineError> {
    let text = String::from_utf8_lossy(line);
    let text = text.trim();
    let fields: Vec<&str> = text.split('|').collect();
    if fields.len() < 4 {
        return refuse(
            0,
            "unrecognized remote plugin message: fewer than four fields",
        );
    }
    let Some(core) = atoi(fields[0]) else {
        return refuse(1, format!("the core version {:?} is no number", fields[0]));
    };
    if core != 1 {
        return refuse(1, format!("incompatible core API version: {core}, not 1"));
    }
    let Some(app) = atoi(fields[1]) else {
        return refuse(
            2,
            format!("the protocol version {:?} is no number", fields[1]),
        );
    };
    let network = match fields[2] {
        "tcp" => Network::Tcp,
        "unix" => Network::Unix,
        other => return refuse(3, format!("unknown address type {other:?}")),
    };
    let protocol = match fields.get(4).copied() {
        Some("grpc") => Protocol::Grpc,
        None | Some("netrpc") => Protocol::NetRpc,
        Some(other) => return refuse(5, format!("unsupported plugin protocol {other:?}")),
    };
    let certificate = match fields.get(5) {
        Some(text) if length(text) > CERTIFICATE_CHARACTERS => match decode(text) {
            Some(der) => Some(der),
            None => return refuse(6, "illegal base64 data in the certificate"),
        },
        _ => None,
    };
    let multiplex = fields.get(6).copied().and_then(parse_bool);
    Ok(Line {
        core,
        app,
        network,
        address: fields[3].to_owned(),
        protocol,
        certificate,
        multiplex,
    })
}

/// Writes a line as Go's library does, with six fields or seven.
pub fn format(line: &Line) -> String {
    let network = match line.network {
        Network::Unix => "unix",
        Network::Tcp => "tcp",
    };
    let protocol = match line.protocol {
        Protocol::Grpc => "grpc",
        Protocol::NetRpc => "netrpc",
    };
    let certificate = line
        .certificate
        .as_deref()
        .map(|der| UNPADDED.encode(der))
        .unwrap_or_default();
    let multiplex = line
        .multiplex
        .map(|value| format!("|{value}"))
        .unwrap_or_default();
    format!(
        "{}|{}|{network}|{}|{protocol}|{certificate}{multiplex}\n",
        line.core, line.app, line.address
    )
}

const UNPADDED: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        // Go does not look at the bits behind the last whole byte.
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

fn decode(text: &str) -> Option<Vec<u8>> {
    // Go's decoder passes over line breaks.
    UNPADDED.decode(text.replace('\r', "")).ok()
}

/// Bytes of a field as they came: each that is not UTF-8 became one
/// replacement character, which is longer.
fn length(text: &str) -> usize {
    let replaced = text.matches(char::REPLACEMENT_CHARACTER).count();
    text.len() - replaced * (char::REPLACEMENT_CHARACTER.len_utf8() - 1)
}

/// Go's `strconv.Atoi`: an optional sign and decimal digits.
fn atoi(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Go's `strconv.ParseBool`.
fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

fn socket_address(text: &str) -> Option<SocketAddr> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_line() -> impl Strategy<Value = Line> {
        (
            any::<i64>(),
            prop_oneof![Just(Network::Unix), Just(Network::Tcp)],
            "/[a-z0-9/]{1,40}",
            prop_oneof![Just(Protocol::Grpc), Just(Protocol::NetRpc)],
            proptest::option::of(proptest::collection::vec(any::<u8>(), 40..200)),
            proptest::option::of(any::<bool>()),
        )
            .prop_map(
                |(app, network, address, protocol, certificate, multiplex)| Line {
                    core: 1,
                    app,
                    network,
                    address,
                    protocol,
                    certificate,
                    multiplex,
                },
            )
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_is_read(line in any_line()) {
            prop_assert_eq!(go_compatible(format(&line).as_bytes()), Ok(line));
        }

        #[test]
        fn no_bytes_cause_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = go_compatible(&bytes);
            let _ = strict(&bytes, Asked::default());
        }

        #[test]
        fn nearly_right_lines_cause_no_panic(text in "[1+-]{0,2}\\|[0-9]{0,3}\\|(unix|tcp|x)\\|[/@a-z:0-9]{0,20}(\\|(grpc|netrpc)?(\\|[A-Za-z0-9+/=]{0,60}(\\|[a-z01]{0,5})?)?)?\n?") {
            if strict(text.as_bytes(), Asked::default()).is_empty() {
                prop_assert!(go_compatible(text.as_bytes()).is_ok());
            }
        }
    }

    #[test]
    fn go_reads_what_strict_does_not_love() {
        for line in [
            "1|1|unix|/s|grpc\n",
            "1|1|unix|/s|grpc|\r\n",
            "+1|01|tcp|127.0.0.1:1|grpc|short|1\n",
            "1|1|unix|@abstract|grpc|",
            "1|1|unix|/s|grpc||maybe\n",
        ] {
            assert!(go_compatible(line.as_bytes()).is_ok(), "{line:?}");
        }
        for (line, field) in [
            ("", 0),
            ("hello\n", 0),
            ("2|1|unix|/s|grpc\n", 1),
            (" 1 |1|unix|/s|grpc\n", 1),
            ("1|x|unix|/s|grpc\n", 2),
            ("1|1|UNIX|/s|grpc\n", 3),
            ("1|1|unix|/s|gRPC\n", 5),
        ] {
            let error = go_compatible(line.as_bytes()).unwrap_err();
            assert_eq!(error.field, field, "{line:?}");
        }
        let padded = format!("1|1|unix|/s|grpc|{}==\n", "A".repeat(62));
        assert_eq!(go_compatible(padded.as_bytes()).unwrap_err().field, 6);
    }
}
