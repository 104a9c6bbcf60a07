//! Whether a client was served.

use tonic::Code;

/// Whether a call that ended with this code was served: an answer is, and so is
/// any other word about it. A plugin that says who may not call has refused.
pub(super) fn is_served(code: Option<Code>) -> bool {
    code.is_some_and(|code| !matches!(code, Code::Unauthenticated | Code::PermissionDenied))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_the_client_is_told_from_any_other_status() {
        for (code, served) in [
            (Some(Code::Ok), true),
            (Some(Code::NotFound), true),
            (Some(Code::Unavailable), true),
            (Some(Code::Unauthenticated), false),
            (Some(Code::PermissionDenied), false),
            (None, false),
        ] {
            assert_eq!(is_served(code), served, "{code:?}");
        }
    }
}
