use super::flaws::judge_flaw;
use crate::declare::requirement;
use host::LaunchRecord;
use host::certificate::Flaw;
use terms::Judgement;

requirement! {
    /// The certificate's key is sound.
    ///
    /// Some TLS stacks refuse keys without the usage digital signature, RSA below 2048 bits, SHA-1 signatures, Ed25519 and secp256k1.
    ///
    /// ## How it is judged
    ///
    /// Key usage, key and signature algorithm of field 6 must be none of these.
    ///
    /// ## Usual causes
    ///
    /// Ed25519, which is the default of some tools; key usages without digitalSignature.
    "TLS-012", Should, since "1.0", record over tls
}

fn judge(record: &LaunchRecord) -> Judgement {
    judge_flaw(
        record,
        Flaw::UnsoundKey,
        "ECDSA on P-256, P-384 or P-521, or RSA of 2048 bits",
    )
}
