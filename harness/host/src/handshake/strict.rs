//! Every departure of a line from the contract, each of its own kind.

use super::{Asked, CERTIFICATE_CHARACTERS, atoi, decode, parse_bool, socket_address};
use crate::channel::SOCKET_PATH_BYTES;
use x509_parser::prelude::{FromDer, X509Certificate};

/// The ways a line departs from the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Departure {
    /// No newline ends it.
    NoNewline,
    /// Neither five nor six fields (seven where multiplexing was asked for).
    FieldCount,
    /// A byte order mark, a control character, or bytes that are not UTF-8.
    NotText,
    /// Longer than 4 KiB.
    TooLong,
    /// A blank in a field.
    Blank,
    /// The core protocol is not `1`.
    Core,
    /// The application version is not a plain decimal.
    Version,
    /// A network other than `unix` and `tcp`.
    Network,
    /// A TCP address that is not `ip:port` with a real port.
    TcpAddress,
    /// A socket path that is relative, too long, or abstract.
    SocketPath,
    /// A protocol other than `grpc`.
    Protocol,
    /// AutoMTLS was asked for and field 6 is empty.
    CertificateMissing,
    /// Field 6 holds a certificate nobody asked for.
    CertificateUnasked,
    /// Field 6 is padded, URL-safe, or PEM.
    CertificateEncoding,
    /// Field 6 decodes to something that is not one certificate in DER.
    CertificateContent,
    /// A seventh field nobody asked for.
    MultiplexUnasked,
    /// Multiplexing was asked for and is not promised.
    MultiplexMissing,
    /// The seventh field is no boolean.
    MultiplexNotBoolean,
}

/// One departure, with what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lint {
    /// Its kind.
    pub kind: Departure,
    /// The field, from 1; 0 is the line as a whole.
    pub field: u8,
    /// What is wrong, and what a go-plugin host makes of it.
    pub text: String,
    /// What the field holds, cut.
    pub seen: String,
}

/// Longest line the contract allows, in bytes.
const LINE_BYTES: usize = 4 << 10;
/// Characters of a field that are shown.
const SHOWN: usize = 80;

struct Lints(Vec<Lint>);

impl Lints {
    fn add(&mut self, kind: Departure, field: u8, seen: &str, text: impl Into<String>) {
        self.0.push(Lint {
            kind,
            field,
            text: text.into(),
            seen: seen.chars().take(SHOWN).collect(),
        });
    }
}

/// Reads a line and names every departure from the contract. A line without
/// departures is one that [`super::go_compatible`] accepts.
pub fn strict(line: &[u8], asked: Asked) -> Vec<Lint> {
    let mut lints = Lints(Vec::new());
    let body = line.strip_suffix(b"\n");
    if body.is_none() {
        lints.add(
            Departure::NoNewline,
            0,
            "",
            "the line has no newline; a go-plugin host goes on waiting until its start timeout",
        );
    }
    let body = body.unwrap_or(line);
    if line.len() > LINE_BYTES {
        lints.add(
            Departure::TooLong,
            0,
            "",
            format!(
                "the line has {} bytes, at most {LINE_BYTES} are allowed",
                line.len()
            ),
        );
    }
    let text = String::from_utf8_lossy(body);
    if std::str::from_utf8(body).is_err() || text.chars().any(|c| c.is_control() || c == '\u{feff}')
    {
        lints.add(
            Departure::NotText,
            0,
            &text,
            "the line holds a control character, a byte order mark or bytes that are not UTF-8",
        );
    }
    let fields: Vec<&str> = text.split('|').collect();
    count(&fields, asked, &mut lints);
    let field = |number: u8| fields.get(usize::from(number) - 1).copied();
    for number in [1, 2, 3, 5, 6, 7] {
        if let Some(text) = field(number)
            && fields.len() >= 4
            && text.contains(' ')
        {
            lints.add(
                Departure::Blank,
                number,
                text,
                format!("field {number} holds a blank; go-plugin does not trim fields"),
            );
        }
    }
    if fields.len() >= 4 {
        versions(&fields, &mut lints);
        address(&fields, &mut lints);
    }
    if let Some(protocol) = field(5)
        && protocol.trim() != "grpc"
    {
        lints.add(
            Departure::Protocol,
            5,
            protocol,
            "the protocol is not grpc; this host speaks nothing else",
        );
    }
    if fields.len() >= 5 {
        certificate(field(6).unwrap_or(""), asked, &mut lints);
        multiplex(field(7), asked, &mut lints);
    }
    lints.0
}

fn count(fields: &[&str], asked: Asked, lints: &mut Lints) {
    let most = if asked.multiplex { 7 } else { 6 };
    let found = fields.len();
    if found == 7 && !asked.multiplex {
        return; // named by its own kind
    }
    if !(5..=most).contains(&found) {
        let seen = fields.join("|");
        let text = match found {
            4 => "the line has four fields; a go-plugin host then takes the plugin for net/rpc"
                .to_owned(),
            _ => format!("the line has {found} fields instead of five or six"),
        };
        lints.add(Departure::FieldCount, 0, &seen, text);
    }
}

fn versions(fields: &[&str], lints: &mut Lints) {
    if fields[0].trim() != "1" {
        lints.add(
            Departure::Core,
            1,
            fields[0],
            "the core protocol is not 1; a go-plugin host says \"incompatible core API version\"",
        );
    }
    let version = fields[1].trim();
    let plain = version.bytes().all(|byte| byte.is_ascii_digit())
        && (version == "0" || !version.starts_with('0'));
    if !plain || atoi(version).is_none() {
        lints.add(
            Departure::Version,
            2,
            fields[1],
            "the application version is not a plain decimal",
        );
    }
}

fn address(fields: &[&str], lints: &mut Lints) {
    let (network, address) = (fields[2].trim(), fields[3]);
    match network {
        "unix" => {
            let problem = if address.starts_with('@') {
                Some("the socket is abstract, so no file mode protects it".to_owned())
            } else if !address.starts_with('/') {
                Some("the socket path is not absolute".to_owned())
            } else if address.len() > SOCKET_PATH_BYTES {
                Some(format!(
                    "the socket path has {} bytes, at most {SOCKET_PATH_BYTES} fit",
                    address.len()
                ))
            } else {
                None
            };
            if let Some(text) = problem {
                lints.add(Departure::SocketPath, 4, address, text);
            }
        }
        "tcp" => match socket_address(address) {
            Some(parsed) if parsed.port() != 0 => {}
            _ => lints.add(
                Departure::TcpAddress,
                4,
                address,
                "the address is not ip:port with a port above 0",
            ),
        },
        _ => lints.add(
            Departure::Network,
            3,
            fields[2],
            "the network is neither unix nor tcp; a go-plugin host says \"unknown address type\"",
        ),
    }
}

fn certificate(text: &str, asked: Asked, lints: &mut Lints) {
    if text.is_empty() {
        if asked.auto_mtls {
            lints.add(
                Departure::CertificateMissing,
                6,
                text,
                "AutoMTLS was asked for and the line announces no certificate",
            );
        }
        return;
    }
    if !asked.auto_mtls {
        if text.len() > CERTIFICATE_CHARACTERS {
            lints.add(
                Departure::CertificateUnasked,
                6,
                text,
                "the line announces a certificate nobody asked for; a go-plugin host crashes on it",
            );
        }
        return;
    }
    match decode(text) {
        None => lints.add(
            Departure::CertificateEncoding,
            6,
            text,
            "field 6 is not unpadded standard base64; a go-plugin host says \"illegal base64 data\"",
        ),
        Some(der) => {
            let whole = X509Certificate::from_der(&der).is_ok_and(|(rest, _)| rest.is_empty());
            if !whole {
                let kind = if der.starts_with(b"-----BEGIN") {
                    "field 6 is base64 of PEM text, not of DER"
                } else {
                    "field 6 does not decode to one certificate in DER"
                };
                lints.add(Departure::CertificateContent, 6, text, kind);
            }
        }
    }
}

fn multiplex(text: Option<&str>, asked: Asked, lints: &mut Lints) {
    match (text, asked.multiplex) {
        (None, false) => {}
        (None, true) => lints.add(
            Departure::MultiplexMissing,
            7,
            "",
            "multiplexing was asked for and the line does not promise it",
        ),
        (Some(text), asked) => match parse_bool(text) {
            None => lints.add(
                Departure::MultiplexNotBoolean,
                7,
                text,
                "field 7 is no boolean; a go-plugin host refuses the line",
            ),
            Some(_) if !asked => lints.add(
                Departure::MultiplexUnasked,
                7,
                text,
                "the line has a seventh field nobody asked for",
            ),
            Some(false) => lints.add(
                Departure::MultiplexMissing,
                7,
                text,
                "multiplexing was asked for and is denied",
            ),
            Some(true) => {}
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(line: &str, asked: Asked) -> Vec<Departure> {
        strict(line.as_bytes(), asked)
            .into_iter()
            .map(|lint| lint.kind)
            .collect()
    }

    #[test]
    fn each_departure_is_told_from_the_others() {
        use Departure as D;
        let plain = Asked::default();
        let mtls = Asked {
            auto_mtls: true,
            ..plain
        };
        let mux = Asked {
            multiplex: true,
            ..plain
        };
        let long = format!("1|1|unix|/{}|grpc|\n", "p".repeat(107));
        let padded = format!("1|1|unix|/s|grpc|{}==\n", "A".repeat(62));
        let no_der = format!("1|1|unix|/s|grpc|{}\n", "A".repeat(64));
        for (line, asked, expected) in [
            ("1|1|unix|/s|grpc\n", plain, vec![]),
            ("1|1|unix|/s|grpc|\n", plain, vec![]),
            ("1|1|unix|/s|grpc||true\n", mux, vec![]),
            ("1|1|unix|/s|grpc|", plain, vec![D::NoNewline]),
            ("hello\n", plain, vec![D::FieldCount]),
            ("1|1|unix|/s\n", plain, vec![D::FieldCount]),
            (
                "\u{feff}1|1|unix|/s|grpc|\n",
                plain,
                vec![D::NotText, D::Core],
            ),
            ("1|1|unix|/s|grpc|\r\n", plain, vec![D::NotText]),
            ("2|1|unix|/s|grpc|\n", plain, vec![D::Core]),
            ("1|01|unix|/s|grpc|\n", plain, vec![D::Version]),
            ("1|-1|unix|/s|grpc|\n", plain, vec![D::Version]),
            ("1| 1|unix|/s|grpc|\n", plain, vec![D::Blank]),
            ("1|1|tcp4|/s|grpc|\n", plain, vec![D::Network]),
            ("1|1|unix|s|grpc|\n", plain, vec![D::SocketPath]),
            (long.as_str(), plain, vec![D::SocketPath]),
            ("1|1|tcp|:1234|grpc|\n", plain, vec![D::TcpAddress]),
            ("1|1|tcp|127.0.0.1:0|grpc|\n", plain, vec![D::TcpAddress]),
            ("1|1|tcp|127.0.0.1:9|grpc|\n", plain, vec![]),
            ("1|1|unix|/s|netrpc|\n", plain, vec![D::Protocol]),
            ("1|1|unix|/s|grpc|\n", mtls, vec![D::CertificateMissing]),
            (padded.as_str(), mtls, vec![D::CertificateEncoding]),
            (no_der.as_str(), mtls, vec![D::CertificateContent]),
            (no_der.as_str(), plain, vec![D::CertificateUnasked]),
            ("1|1|unix|/s|grpc||true\n", plain, vec![D::MultiplexUnasked]),
            ("1|1|unix|/s|grpc||false\n", mux, vec![D::MultiplexMissing]),
            ("1|1|unix|/s|grpc||yes\n", mux, vec![D::MultiplexNotBoolean]),
        ] {
            assert_eq!(kinds(line, asked), expected, "{line:?}");
        }
        let endless = format!("1|1|unix|/s|grpc|{}\n", "A".repeat(5000));
        assert!(kinds(&endless, plain).contains(&D::TooLong));
    }
}
