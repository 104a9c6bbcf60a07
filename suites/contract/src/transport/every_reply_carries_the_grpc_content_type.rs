use crate::declare::requirement;
use crate::transport::replies::{self, Look};
use host::wire::Reply;
use runner::Case;
use terms::Judgement;

requirement! {
    /// Every reply carries the gRPC content type.
    ///
    /// Go hosts read a reply without `content-type: application/grpc` as UNKNOWN, whatever its status says; so UNIMPLEMENTED, by which a newer host finds out what a plugin offers, is lost.
    ///
    /// ## How it is judged
    ///
    /// The first headers of several kinds of reply, seen without a gRPC client: answers, refusals, unknown services and methods, a request that does not parse.
    ///
    /// ## Usual causes
    ///
    /// Errors that are answered below the gRPC layer. grpclib 0.4 leaves the header out for unknown methods.
    "RPC-014", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    replies::each(case, "content-type: application/grpc", look).await
}

fn look(reply: &Reply) -> Look {
    let Some(value) = reply.headers.get("content-type") else {
        return Look::Wrong("there is no content-type".to_owned());
    };
    let text = value.as_bytes().escape_ascii().to_string();
    // What grpc-go takes: the name alone, or with a subtype or parameters.
    match text.to_ascii_lowercase().strip_prefix("application/grpc") {
        Some(rest) if rest.is_empty() || rest.starts_with(['+', ';']) => Look::Fine,
        _ => Look::Wrong(format!("content-type is {text}")),
    }
}
