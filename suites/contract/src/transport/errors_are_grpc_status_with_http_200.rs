use crate::declare::requirement;
use crate::transport::replies::{self, Look};
use host::wire::Reply;
use runner::Case;
use terms::Judgement;

requirement! {
    /// Errors are grpc-status with HTTP 200.
    ///
    /// A refused call is an HTTP success that carries `grpc-status`. Of an HTTP error clients make a code by a table of their own, and the message is lost.
    ///
    /// ## How it is judged
    ///
    /// Calls that are answered with an error, seen without a gRPC client: health of an unknown service, an unknown service and an unknown method, a request that does not parse, and for Aperio's plugins an empty Attach.
    ///
    /// ## Usual causes
    ///
    /// A web framework in front of the gRPC server that answers unknown paths and exceptions by itself.
    "RPC-003", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    replies::each(case, "HTTP 200 and a grpc-status", look).await
}

fn look(reply: &Reply) -> Look {
    let has_status = reply.last_block().contains_key("grpc-status");
    match reply.status {
        200 if reply.code() == Some(0) => Look::Aside,
        200 if has_status => Look::Fine,
        200 if reply.broken.is_some() => Look::Wrong("it broke off before its status".to_owned()),
        200 => Look::Wrong("there is no grpc-status".to_owned()),
        other => Look::Wrong(format!("HTTP {other}")),
    }
}
