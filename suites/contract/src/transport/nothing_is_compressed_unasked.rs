use crate::declare::requirement;
use crate::transport::replies::{self, Look};
use host::wire::Reply;
use runner::Case;
use terms::Judgement;

requirement! {
    /// Nothing is compressed unasked.
    ///
    /// A client that sends no `grpc-accept-encoding` reads no encoding but identity.
    ///
    /// ## How it is judged
    ///
    /// Several calls without that header, seen without a gRPC client: no reply may name another `grpc-encoding`, and no message may carry the flag of a compressed one.
    ///
    /// ## Usual causes
    ///
    /// Compression that is switched on for the whole server rather than offered.
    "RPC-013", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    replies::each(
        case,
        "messages with the flag 0, and no encoding but identity",
        look,
    )
    .await
}

fn look(reply: &Reply) -> Look {
    let encoding = reply.headers.get("grpc-encoding");
    if let Some(name) = encoding.filter(|name| *name != "identity") {
        return Look::Wrong(format!(
            "grpc-encoding is {}",
            name.as_bytes().escape_ascii()
        ));
    }
    let flags = reply.message_flags();
    match flags.iter().find(|flag| **flag != 0) {
        Some(flag) => Look::Wrong(format!("a message has the flag {flag}")),
        None if flags.is_empty() => Look::Aside,
        None => Look::Fine,
    }
}
