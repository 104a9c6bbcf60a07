//! Attach: the host's services are opened, advertised and handed over.

use super::Session;
use crate::call::CallEnd;
use crate::identity::HostIdentity;
use crate::services::{HostServer, Listen, OFFERED};
use proto::aperio::plugin::v1 as api;
use proto::goplugin::ConnInfo;
use std::io;
use terms::Lost;
use tokio_rustls::rustls::pki_types::CertificateDer;

/// Full name of the method.
pub const ATTACH: &str = "aperio.plugin.v1.PluginService/Attach";

impl Session {
    /// The next id of the host's side of the broker.
    pub fn next_broker_id(&mut self) -> u32 {
        self.broker_ids += 1;
        self.broker_ids
    }

    /// Opens a server of host services as this session's host would: under
    /// the same TLS, for this plugin alone. `shown` replaces the identity. Over
    /// a multiplexed connection the place is that connection.
    ///
    /// # Errors
    ///
    /// When the machine gives no socket there.
    pub async fn serve_host(
        &self,
        listen: &Listen,
        shown: Option<&HostIdentity>,
    ) -> io::Result<HostServer> {
        let own = shown.or(self.identity());
        let pin = self.line().certificate.clone().map(CertificateDer::from);
        let listen = match self.multiplex() {
            Some(_) => &Listen::Streams,
            None => listen,
        };
        HostServer::open(listen, own.zip(pin)).await
    }

    /// Sends where `server` listens under this id; whether the broker stream
    /// took it. Over a multiplexed connection nothing is sent: the plugin may
    /// knock for the id from now on.
    pub async fn advertise(&mut self, id: u32, server: &HostServer) -> bool {
        if let (Some(multiplex), Some(door)) = (self.multiplex(), server.door()) {
            multiplex.porch().open_door(id, door);
            return true;
        }
        let info = ConnInfo {
            service_id: id,
            network: server.network().to_owned(),
            address: server.address().to_owned(),
            knock: None,
        };
        match self.broker() {
            Some(broker) => broker.announce(info).await,
            None => false,
        }
    }

    /// The request of a host of this interface, for the lower of both minors.
    ///
    /// # Errors
    ///
    /// [`Lost`] when the plugin was lost while it described itself.
    pub async fn attach_request(&mut self, id: u32) -> Result<api::AttachRequest, Lost> {
        let (major, own) = proto::INTERFACE_VERSION;
        let theirs = self.describe().await?.ok();
        let minor = theirs
            .and_then(|described| described.interface_version)
            .map_or(own, |version| version.minor.min(own));
        Ok(api::AttachRequest {
            host_broker_id: id,
            effective_version: Some(api::InterfaceVersion { major, minor }),
            host_capabilities: OFFERED
                .iter()
                .filter(|&&capability| minor >= 1 || capability == api::Capability::HostLogs)
                .map(|&capability| capability.into())
                .collect(),
            limits: Some(api::Limits::default()),
            host_instance_id: "aperio-plugin".to_owned(),
        })
    }

    /// Opens a server on TCP loopback, advertises it and calls Attach.
    ///
    /// # Errors
    ///
    /// [`Lost`] when the plugin was lost, or the machine gave no socket; the
    /// inner error is the plugin's refusal.
    pub async fn attach(&mut self) -> Result<Result<HostServer, tonic::Status>, terms::Stopped> {
        let server = self
            .serve_host(&Listen::Loopback, None)
            .await
            .map_err(terms::Trouble::infrastructure)?;
        let id = self.next_broker_id();
        let request = self.attach_request(id).await?;
        self.advertise(id, &server).await;
        let reply: Result<api::AttachResponse, _> = self.ask(ATTACH, request).await?;
        Ok(reply.map(|_| server))
    }

    /// An Attach call whose advertisement never comes: the plugin waits for
    /// it, so the call is in flight until it gives up. The caller spawns it.
    ///
    /// # Errors
    ///
    /// [`Lost`] when the plugin was lost while it described itself.
    pub async fn attach_in_vain(
        &mut self,
    ) -> Result<impl Future<Output = CallEnd<api::AttachResponse>> + use<>, Lost> {
        let id = self.next_broker_id();
        let request = self.attach_request(id).await?;
        let caller = self.caller().within(self.limits().advertise * 4);
        Ok(async move { caller.unary(ATTACH, request).await })
    }
}
