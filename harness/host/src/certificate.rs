//! What is wrong with a plugin's certificate.
//!
//! go-plugin's host verifies the announced certificate as an authority of its
//! own for `localhost`, now. What it would refuse, and what only some peers
//! refuse, is named here; verdicts are made of the names.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

/// One thing wrong with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flaw {
    /// No subject alternative name `localhost`; Go does not read the common
    /// name.
    NotLocalhost,
    /// Expired, or not valid yet.
    NotValidNow,
    /// Valid since less than 5 s, or for less than 30 days.
    NarrowValidity,
    /// Extended key usages without server authentication.
    MayNotServe,
    /// Extended key usages without client authentication.
    MayNotDial,
    /// Issued by somebody else.
    NotSelfSigned,
    /// A key or signature that some peers refuse.
    UnsoundKey,
}

/// A flaw with what was seen of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spotted {
    /// Which flaw.
    pub flaw: Flaw,
    /// What is wrong, in words.
    pub text: String,
    /// What was seen.
    pub seen: String,
}

/// Clocks of two machines may differ by this much.
const CLOCK_MARGIN: Duration = Duration::from_secs(5);
/// Least validity left.
const LEFT: Duration = Duration::from_hours(30 * 24);
/// Smallest RSA key, in bits.
const RSA_BITS: usize = 2048;

/// Every flaw of the certificate at this time; none for bytes that are no
/// certificate, which the line's own checks tell.
pub fn flaws(der: &[u8], now: SystemTime) -> Vec<Spotted> {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else {
        return Vec::new();
    };
    let mut spotted = Vec::new();
    let mut spot = |flaw, text: &str, seen: String| {
        spotted.push(Spotted {
            flaw,
            text: text.to_owned(),
            seen,
        });
    };
    let names = names(&certificate);
    if !names.iter().any(|name| name == "localhost") {
        spot(
            Flaw::NotLocalhost,
            "no subject alternative name is localhost",
            format!("{names:?}"),
        );
    }
    validity(&certificate, now, &mut spot);
    if let Ok(Some(usage)) = certificate.extended_key_usage() {
        let usage = usage.value;
        if !usage.server_auth && !usage.any {
            spot(
                Flaw::MayNotServe,
                "the extended key usages leave out server authentication",
                format!("{usage:?}"),
            );
        }
        if !usage.client_auth && !usage.any {
            spot(
                Flaw::MayNotDial,
                "the extended key usages leave out client authentication",
                format!("{usage:?}"),
            );
        }
    }
    if certificate.issuer() != certificate.subject() {
        spot(
            Flaw::NotSelfSigned,
            "the issuer is not the subject",
            certificate.issuer().to_string(),
        );
    }
    if let Some(seen) = unsound(&certificate) {
        spot(Flaw::UnsoundKey, "some peers refuse this key", seen);
    }
    spotted
}

/// The flaws over which go-plugin's host ends the handshake, though the
/// certificate is the announced one.
pub fn refused_by_go(der: &[u8], now: SystemTime) -> Option<Spotted> {
    flaws(der, now)
        .into_iter()
        .find(|spotted| matches!(spotted.flaw, Flaw::NotValidNow | Flaw::MayNotServe))
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    extension
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        })
        .take(16)
        .collect()
}

fn validity(
    certificate: &X509Certificate<'_>,
    now: SystemTime,
    spot: &mut impl FnMut(Flaw, &str, String),
) {
    let seconds = |time: SystemTime| {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    };
    let (from, until) = (
        certificate.validity().not_before.timestamp(),
        certificate.validity().not_after.timestamp(),
    );
    let seen = format!("{}", certificate.validity().not_before)
        + " to "
        + &format!("{}", certificate.validity().not_after);
    if from > seconds(now) || until < seconds(now) {
        spot(Flaw::NotValidNow, "the certificate is not valid now", seen);
    } else if from > seconds(now - CLOCK_MARGIN) || until < seconds(now + LEFT) {
        spot(
            Flaw::NarrowValidity,
            "the validity begins within the last 5 s, or ends within 30 days",
            seen,
        );
    }
}

/// What makes the key or the signature one that some peers refuse.
fn unsound(certificate: &X509Certificate<'_>) -> Option<String> {
    if let Ok(Some(usage)) = certificate.key_usage()
        && !usage.value.digital_signature()
    {
        return Some("key usage without digital signature".to_owned());
    }
    let signature = certificate.signature_algorithm.algorithm.to_id_string();
    match signature.as_str() {
        "1.2.840.113549.1.1.5" | "1.2.840.10045.4.1" => {
            return Some("a SHA-1 signature".to_owned());
        }
        "1.3.101.112" => return Some("an Ed25519 key".to_owned()),
        _ => {}
    }
    let info = certificate.public_key();
    match info.parsed() {
        Ok(PublicKey::RSA(key)) if key.key_size() < RSA_BITS => {
            Some(format!("an RSA key of {} bits", key.key_size()))
        }
        Ok(PublicKey::EC(_)) => {
            let curve = info.algorithm.parameters.as_ref()?.as_oid().ok()?;
            (curve.to_id_string() == "1.3.132.0.10").then(|| "the curve secp256k1".to_owned())
        }
        _ => None,
    }
}

/// The public key of a certificate, DER; none for bytes that are none, or more
/// than one.
pub fn public_key(der: &[u8]) -> Option<Vec<u8>> {
    let (rest, certificate) = X509Certificate::from_der(der).ok()?;
    rest.is_empty()
        .then(|| certificate.public_key().raw.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{Curve, HostIdentity, Kind};

    fn kinds(der: &[u8], now: SystemTime) -> Vec<Flaw> {
        flaws(der, now)
            .into_iter()
            .map(|spotted| spotted.flaw)
            .collect()
    }

    #[test]
    fn a_certificate_like_go_plugins_has_no_flaw() {
        let identity = HostIdentity::issue(Curve::P521, Kind::default()).unwrap();
        assert_eq!(kinds(&identity.der, SystemTime::now()), []);
    }

    #[test]
    fn validity_is_judged_by_the_given_time() {
        let identity = HostIdentity::issue(Curve::P256, Kind::default()).unwrap();
        let now = SystemTime::now();
        let year = Duration::from_hours(365 * 24);
        assert_eq!(kinds(&identity.der, now - year), [Flaw::NotValidNow]);
        assert_eq!(kinds(&identity.der, now + year * 31), [Flaw::NotValidNow]);
        let just = now - Duration::from_secs(27);
        assert_eq!(kinds(&identity.der, just), [Flaw::NarrowValidity]);
    }

    #[test]
    fn other_bytes_have_no_flaw_and_no_key() {
        assert_eq!(kinds(b"no certificate", SystemTime::now()), []);
        assert_eq!(public_key(b""), None);
    }
}
