//! The host's key and certificate, and trust pinned to one peer certificate.
//!
//! A go-plugin host always uses an ECDSA P-521 certificate that is its own
//! authority. `WebPKI` refuses such a leaf, so trust is pinned: the leaf must
//! equal the announced one byte for byte and name `localhost`, and possession
//! of its key is proven by the handshake's signature.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SerialNumber,
};
use rustls::DigitallySignedStruct;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, ClientConfig, Error, ServerConfig, SignatureScheme};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

/// The curve of a host key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// What every go-plugin host uses.
    P521,
    /// What BoringSSL can verify; explains a failure, turns no verdict.
    P256,
}

/// What kind of certificate a host shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// `CA:TRUE`, as go-plugin's.
    pub authority: bool,
    /// Whether its time is over.
    pub expired: bool,
}

impl Default for Kind {
    fn default() -> Self {
        Kind {
            authority: true,
            expired: false,
        }
    }
}

/// A fresh key and its self-signed certificate.
#[derive(Debug)]
pub struct HostIdentity {
    /// The certificate as `PLUGIN_CLIENT_CERT` carries it: PEM text.
    pub pem: String,
    /// The certificate, DER.
    pub der: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

/// How long certificates last, in hours; go-plugin's number.
const HOURS: u64 = 262_980;

impl HostIdentity {
    /// Makes a key and a certificate like go-plugin's.
    ///
    /// # Errors
    ///
    /// When the machine gives no randomness.
    pub fn issue(curve: Curve, kind: Kind) -> Result<Self, rcgen::Error> {
        let algorithm = match curve {
            Curve::P521 => &rcgen::PKCS_ECDSA_P521_SHA512,
            Curve::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
        };
        let key = KeyPair::generate_for(algorithm)?;
        let mut params = CertificateParams::new(vec!["localhost".to_owned()])?;
        let mut name = DistinguishedName::new();
        name.push(DnType::OrganizationName, "Aperio");
        name.push(DnType::CommonName, "localhost");
        params.distinguished_name = name;
        params.serial_number = Some(SerialNumber::from_slice(uuid::Uuid::new_v4().as_bytes()));
        params.is_ca = if kind.authority {
            IsCa::Ca(BasicConstraints::Unconstrained)
        } else {
            IsCa::ExplicitNoCa
        };
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
            KeyUsagePurpose::KeyAgreement,
        ];
        if kind.authority {
            params.key_usages.push(KeyUsagePurpose::KeyCertSign);
        }
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ClientAuth,
            ExtendedKeyUsagePurpose::ServerAuth,
        ];
        let now = SystemTime::now();
        let hour = Duration::from_hours(1);
        let (from, until) = if kind.expired {
            (now - hour * 48, now - hour)
        } else {
            (
                now - Duration::from_secs(30),
                now + Duration::from_hours(HOURS),
            )
        };
        params.not_before = from.into();
        params.not_after = until.into();
        let certificate = params.self_signed(&key)?;
        Ok(HostIdentity {
            pem: certificate.pem(),
            der: certificate.der().clone(),
            key: PrivateKeyDer::try_from(key.serialize_der()).expect("rcgen writes PKCS #8 keys"),
        })
    }
}

fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> =
        LazyLock::new(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    Arc::clone(&PROVIDER)
}

/// The host's side of TLS to a plugin that announced `pin`. Without an
/// identity the host presents no certificate.
pub fn client_config(
    identity: Option<&HostIdentity>,
    pin: CertificateDer<'static>,
) -> Arc<ClientConfig> {
    let provider = provider();
    let verifier = Arc::new(Pinned {
        leaf: pin,
        algorithms: provider.signature_verification_algorithms,
    });
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .expect("the provider knows both versions")
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => builder
            .with_client_auth_cert(vec![identity.der.clone()], identity.key.clone_key())
            .expect("a key that was just made fits its certificate"),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config)
}

/// The host's side of TLS towards a plugin that dials back: it shows this
/// identity and takes only a client that presents `pin`.
pub fn server_config(own: &HostIdentity, pin: CertificateDer<'static>) -> Arc<ServerConfig> {
    let provider = provider();
    let verifier = Arc::new(Pinned {
        leaf: pin,
        algorithms: provider.signature_verification_algorithms,
    });
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .expect("the provider knows both versions")
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![own.der.clone()], own.key.clone_key())
        .expect("a key that was just made fits its certificate");
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config)
}

/// Trusts one certificate and nothing else.
#[derive(Debug)]
struct Pinned {
    leaf: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Pinned {
    fn is_pinned(&self, leaf: &CertificateDer<'_>) -> Result<(), Error> {
        if leaf.as_ref() != self.leaf.as_ref() {
            return Err(Error::InvalidCertificate(
                CertificateError::ApplicationVerificationFailure,
            ));
        }
        Ok(())
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.is_pinned(leaf)?;
        let parsed = rustls::server::ParsedCertificate::try_from(leaf)?;
        rustls::client::verify_server_name(&parsed, name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for Pinned {
    fn root_hint_subjects(&self) -> &[rustls::DistinguishedName] {
        // No hint: a plugin offers the one certificate it has.
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.is_pinned(leaf)?;
        Ok(ClientCertVerified::assertion())
    }

    // Signatures are judged alike, whoever made them.

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        ServerCertVerifier::verify_tls12_signature(self, message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        ServerCertVerifier::verify_tls13_signature(self, message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ServerCertVerifier::supported_verify_schemes(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_parser::prelude::{FromDer, X509Certificate};

    #[test]
    fn a_host_certificate_looks_like_go_plugins() {
        let identity = HostIdentity::issue(Curve::P521, Kind::default()).unwrap();
        let (_, certificate) = X509Certificate::from_der(&identity.der).unwrap();
        assert!(certificate.is_ca());
        assert!(certificate.validity().is_valid());
        assert_eq!(certificate.subject().to_string(), "O=Aperio, CN=localhost");
        assert!(identity.pem.starts_with("-----BEGIN CERTIFICATE-----"));
    }

    #[test]
    fn expired_and_leaf_kinds_are_what_they_say() {
        let kind = Kind {
            authority: false,
            expired: true,
        };
        let identity = HostIdentity::issue(Curve::P256, kind).unwrap();
        let (_, certificate) = X509Certificate::from_der(&identity.der).unwrap();
        assert!(!certificate.is_ca());
        assert!(!certificate.validity().is_valid());
    }
}
