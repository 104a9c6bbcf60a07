//! The exact environment of one launch.

use crate::launch::{CookieOffer, Launch, Offer};
use crate::plugin::Plugin;
use std::collections::BTreeMap;
use std::path::Path;

/// Where a launch keeps its temporary files and sockets.
pub(crate) struct Places<'a> {
    pub(crate) temp: &'a Path,
    pub(crate) sockets: &'a Path,
}

impl Plugin {
    /// Whether every launch, or one that tries something, gives this variable a
    /// value that the user's may not replace.
    pub fn reserves(&self, name: &str) -> bool {
        const RESERVED: [&str; 7] = [
            "TMPDIR",
            proto::env::UNIX_SOCKET_DIR,
            proto::env::PROTOCOL_VERSIONS,
            proto::env::CLIENT_CERT,
            proto::env::MULTIPLEX_GRPC,
            proto::env::MIN_PORT,
            proto::env::MAX_PORT,
        ];
        name == self.cookie.key || RESERVED.contains(&name)
    }
}

/// Every variable the process gets; nothing is inherited but `PATH`.
///
/// `certificate` is the text of `PLUGIN_CLIENT_CERT`, absent without AutoMTLS.
pub(crate) fn variables(
    plugin: &Plugin,
    launch: &Launch,
    places: &Places<'_>,
    certificate: Option<&str>,
) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    let mut set = |key: &str, value: String| {
        env.insert(key.to_owned(), value);
    };
    let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".to_owned());
    set("PATH", path);
    set("LANG", "C.UTF-8".to_owned());
    set("TZ", "UTC".to_owned());
    set("TMPDIR", places.temp.to_string_lossy().into_owned());
    set(
        proto::env::UNIX_SOCKET_DIR,
        places.sockets.to_string_lossy().into_owned(),
    );
    match &launch.cookie {
        CookieOffer::Right => set(&plugin.cookie.key, plugin.cookie.value.clone()),
        CookieOffer::Text(value) => set(&plugin.cookie.key, value.clone()),
        CookieOffer::Unset => {}
    }
    match &launch.offer {
        Offer::Majors => {
            let majors: Vec<String> = plugin.majors.iter().map(u32::to_string).collect();
            set(proto::env::PROTOCOL_VERSIONS, majors.join(","));
        }
        Offer::Text(text) => set(proto::env::PROTOCOL_VERSIONS, text.clone()),
        Offer::Unset => {}
    }
    if let Some(pem) = certificate {
        set(proto::env::CLIENT_CERT, pem.to_owned());
    }
    if launch.multiplex {
        set(proto::env::MULTIPLEX_GRPC, "true".to_owned());
    }
    if let Some((min, max)) = launch.ports {
        set(proto::env::MIN_PORT, min.to_string());
        set(proto::env::MAX_PORT, max.to_string());
    }
    for (key, value) in &plugin.env {
        env.insert(key.clone(), value.clone());
    }
    for (key, value) in &launch.env {
        match value {
            Some(value) => env.insert(key.clone(), value.clone()),
            None => env.remove(key),
        };
    }
    env
}
