use super::dial_back::{Advertised, DialBack, attempt};
use crate::declare::requirement;
use crate::observed::not_aperios;
use host::services::Listen;
use runner::Case;
use terms::{Finding, Judgement, Place, Trouble, Verdict};

requirement! {
    /// The dial-back uses the advertised address.
    ///
    /// An advertisement names a network and an address, a TCP port or a unix socket; whoever dials anything else does not meet its host.
    ///
    /// ## How it is judged
    ///
    /// Two launches without TLS: the host's services are advertised on TCP loopback, then on a unix socket, and Attach is called. A connection must arrive at each. What is said over the unix socket is not judged: some gRPC clients send a name there that some servers refuse. A plugin that answers Attach and never dials is not judged.
    ///
    /// ## Usual causes
    ///
    /// A client that knows one network only; an address taken from the environment.
    "BRK-003", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let Some(seen) = DialBack::seen(case, case.base().mode()).await? else {
        return Ok(not_aperios());
    };
    let mut findings = Vec::new();
    if seen.early.connections.is_empty() {
        match seen.out_of_reach() {
            Some(Verdict::Unknown {
                trouble: Trouble::BlockedBy { id },
            }) if id == "BRK-003" => {
                findings.push(missed("TCP loopback", &seen.early));
            }
            Some(other) => return Ok(other),
            None => {}
        }
    }
    let directory = host::private_dir::PrivateDir::new().map_err(Trouble::infrastructure)?;
    let listen = Listen::Unix(directory.path().join("host"));
    let over_unix = attempt(case, &case.base(), &listen, Advertised::Before).await?;
    if over_unix.connections.is_empty() {
        findings.push(missed("a unix socket", &over_unix));
    }
    Ok(Verdict::of(findings))
}

fn missed(network: &str, attempt: &super::dial_back::Attempt) -> Finding {
    let said = match &attempt.attached {
        Ok(()) => "Attach answered OK, and nobody connected".to_owned(),
        Err(status) => format!("nobody connected, and Attach answered {status}"),
    };
    Finding::new(format!("the host's services on {network} were not dialled"))
        .at(Place::Call {
            method: host::session::ATTACH.to_owned(),
        })
        .expected(format!(
            "a connection to the advertised address on {network}"
        ))
        .actual(said)
        .with(attempt.evidence.clone())
}
