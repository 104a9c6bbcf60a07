//! A light operation: the call that asks least of a plugin of Aperio's, and in
//! which it may use its host's services. Only one kind of plugin answers it by
//! itself; the others ask their provider, once for each call.

use bytes::Bytes;
use host::{CallEnd, Caller, Session};
use prost::Message;
use proto::aperio::plugin::v1 as api;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use terms::Lost;
use tonic::Request;

/// The one light operation that no provider is asked for.
const LIST_ACTIONS: &str = "aperio.plugin.v1.RemediationService/ListActions";

/// One light operation of one plugin. How it is answered is not judged here:
/// any status is an answer.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    method: &'static str,
    request: Bytes,
}

impl Operation {
    /// The lightest operation of the kinds a plugin declares; none for a
    /// plugin that is not Aperio's or describes nothing of the sort.
    pub(crate) async fn of(session: &mut Session) -> Result<Option<Self>, Lost> {
        if !session.plugin().is_aperio() {
            return Ok(None);
        }
        let Ok(described) = session.describe().await? else {
            return Ok(None);
        };
        let kinds: Vec<api::PluginKind> = described.kinds().collect();
        let can_test = described
            .capabilities()
            .any(|capability| capability == api::Capability::DestinationTest);
        if kinds.contains(&api::PluginKind::Remediation) {
            return Ok(Some(Operation::new(
                LIST_ACTIONS,
                &api::ListActionsRequest {},
            )));
        }
        if kinds.contains(&api::PluginKind::Connector) {
            let request = api::CheckConnectionRequest {
                invocation: Some(invocation()),
                config: HashMap::new(),
                credential: Some(credential()),
            };
            return Ok(Some(Operation::new(
                "aperio.plugin.v1.ConnectorService/CheckConnection",
                &request,
            )));
        }
        let destination = described.destinations.first().filter(|_| can_test);
        Ok(destination.map(|destination| {
            let request = api::TestDestinationRequest {
                invocation: Some(invocation()),
                config: HashMap::new(),
                credential: Some(credential()),
                destination_kind: destination.kind.clone(),
            };
            Operation::new(
                "aperio.plugin.v1.DestinationService/TestDestination",
                &request,
            )
        }))
    }

    fn new(method: &'static str, request: &impl Message) -> Self {
        Operation {
            method,
            request: Bytes::from(request.encode_to_vec()),
        }
    }

    /// The full name of its method.
    pub(crate) fn method(&self) -> &'static str {
        self.method
    }

    /// Whether the plugin answers by itself, so that it may be asked hundreds
    /// of times. The others are a provider's quota, or a record in somebody's
    /// destination, each time.
    pub(crate) fn is_local(&self) -> bool {
        self.method == LIST_ACTIONS
    }

    /// How long one call takes with nothing beside it.
    pub(crate) async fn takes(&self, session: &mut Session) -> Result<Duration, Lost> {
        let began = Instant::now();
        let end = self.call(&session.caller()).await;
        let took = began.elapsed();
        let end = session.settle(end).await;
        let _ = session.replied(self.method, end)?;
        Ok(took)
    }

    /// Makes the call; nobody reads the response.
    pub(crate) async fn call(&self, caller: &Caller) -> CallEnd<()> {
        caller
            .raw(self.method, Request::new(self.request.clone()))
            .await
    }

    /// Makes the call with a deadline the plugin is told of.
    pub(crate) async fn call_until(&self, caller: &Caller, deadline: Duration) -> CallEnd<()> {
        let mut request = Request::new(self.request.clone());
        request.set_timeout(deadline);
        caller.raw(self.method, request).await
    }
}

fn invocation() -> api::InvocationContext {
    api::InvocationContext {
        invocation_id: "inv-0001".to_owned(),
        organization_id: "org-0001".to_owned(),
        integration_id: "int-0001".to_owned(),
        invocation_token: "canary-invocation-token".to_owned(),
        attempt: 1,
        ..api::InvocationContext::default()
    }
}

fn credential() -> api::ScopedCredential {
    api::ScopedCredential {
        kind: api::CredentialKind::Minted.into(),
        token_type: "Bearer".to_owned(),
        access_token: "canary-access-token".to_owned(),
        ..api::ScopedCredential::default()
    }
}
