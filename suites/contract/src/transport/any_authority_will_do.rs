use crate::declare::requirement;
use crate::health_call::{check, is_ok, seen, wire};
use host::Session;
use host::call::HEALTH;
use host::wire::Question;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// Any authority will do.
    ///
    /// A plugin has one client and no name. What hosts write into `:authority` and `:scheme` depends on their library: go-plugin says `unused` or `localhost`, others the address, and `http` or `https` whether TLS is spoken or not.
    ///
    /// ## How it is judged
    ///
    /// Health checks with `http` and `https`, to `localhost`, `unused` and an address with a port. All must be answered.
    ///
    /// ## Usual causes
    ///
    /// Routing by host name, or a list of allowed hosts, in a web server in front of the plugin.
    "RPC-009", Should, since "1.0", session
}

async fn judge(session: &mut Session) -> Judgement {
    let mut wire = match wire(session).await {
        Ok(wire) => wire,
        Err(verdict) => return Ok(verdict),
    };
    let mut findings = Vec::new();
    for scheme in ["http", "https"] {
        for authority in ["localhost", "unused", "127.0.0.1:10000"] {
            let question = Question {
                scheme,
                authority: authority.to_owned(),
                ..Question::new(HEALTH, check("plugin"))
            };
            let reply = wire.ask(&question).await;
            if is_ok(&reply) {
                continue;
            }
            let seen = seen(session, &reply).await;
            findings.push(
                Finding::new(format!("{scheme}://{authority} is not served"))
                    .at(Place::Call {
                        method: HEALTH.to_owned(),
                    })
                    .expected("grpc-status 0")
                    .actual(seen),
            );
            if reply.is_err() {
                return Ok(Verdict::of(findings));
            }
        }
    }
    Ok(Verdict::of(findings))
}
