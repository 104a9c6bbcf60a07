//! Section `[compat]` of the configuration: what is judged, for whom, and how
//! strictly. A file that leaves it out gets [`Policy::default`].

use crate::load::{Failure, LoadError};
use crate::model::{DescriptorSet, Field, Named};
use crate::near;
use crate::rule::Channel;
use crate::version::Version;
use serde::{Deserialize, Deserializer, de::Error};
use std::collections::{BTreeMap, BTreeSet};

/// What a project says about its interface. Paths are relative to the file
/// that says it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Import roots of the working tree; every `.proto` below them is input.
    /// Default: `proto`.
    #[serde(deserialize_with = "at_least_one")]
    pub proto: Vec<String>,
    /// Roots searched for imports only. Default: none.
    pub imports: Vec<String>,
    /// The packages that are judged, locked and digested, with everything they
    /// import. Default, when empty: every input file.
    pub packages: Vec<String>,
    /// The directory of the locks. Default: `proto/released`.
    pub released: String,
    /// The declared version of the working tree. Default: none.
    #[serde(deserialize_with = "version")]
    pub version: Option<Version>,
    /// Whom a change may hurt. Default: running binaries.
    #[serde(deserialize_with = "channels")]
    pub channels: BTreeSet<Channel>,
    /// Which side may run ahead of the other. Default: either.
    #[serde(deserialize_with = "at_least_one")]
    pub skew: Vec<Quadrant>,
    /// What the removal of an element asks for. Default: always a major.
    pub deletion: Deletion,
    /// What an added method or oneof arm without a guard asks for. Default:
    /// see [`Policy::unguarded`].
    pub unguarded: Option<Unguarded>,
    /// The file of the waivers. Default: `proto/waivers.toml`.
    pub waivers: String,
    /// Messages that travel from the plugin to the host in the details of a
    /// status. Default: none.
    pub status_details: Vec<String>,
    /// Who implements a service, by its full name. A service that is not named
    /// is taken for one that both implement.
    pub implementer: BTreeMap<String, Side>,
    /// What stands inside fields of type `bytes` or `Any`.
    pub payload: Vec<Payload>,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            proto: vec!["proto".to_owned()],
            imports: Vec::new(),
            packages: Vec::new(),
            released: "proto/released".to_owned(),
            version: None,
            channels: BTreeSet::from([Channel::Wire]),
            skew: vec![Quadrant::HostNewer, Quadrant::PluginNewer],
            deletion: Deletion::Never,
            unguarded: None,
            waivers: "proto/waivers.toml".to_owned(),
            status_details: Vec::new(),
            implementer: BTreeMap::new(),
            payload: Vec::new(),
        }
    }
}

/// One of the two processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The one that starts the other.
    Host,
    /// The one that is started.
    Plugin,
}

impl Side {
    /// Its name in a configuration and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Side::Host => "host",
            Side::Plugin => "plugin",
        }
    }
}

/// Which side runs ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quadrant {
    /// A new host starts an old plugin.
    HostNewer,
    /// An old host starts a new plugin.
    PluginNewer,
}

impl Quadrant {
    /// Its name in a configuration and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Quadrant::HostNewer => "host-newer",
            Quadrant::PluginNewer => "plugin-newer",
        }
    }
}

/// What the removal of an element asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Deletion {
    /// A major, whatever came before.
    Never,
    /// A minor where at least this many released minors show it deprecated and
    /// its number and name are reserved now; else a major.
    After(u32),
}

impl TryFrom<String> for Deletion {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let minors = text.strip_prefix("after:").and_then(|count| {
            let digits = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
            count.parse().ok().filter(|count| digits && *count > 0)
        });
        match (text.as_str(), minors) {
            ("never", _) => Ok(Deletion::Never),
            (_, Some(minors)) => Ok(Deletion::After(minors)),
            _ => Err("deletion is \"never\", or \"after:2\" for two released minors".to_owned()),
        }
    }
}

/// What an added method or oneof arm without a guard asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unguarded {
    /// A major: an older peer cannot tell that it must not be used.
    Deny,
    /// A minor, and a note.
    Warn,
}

/// What stands inside a field of type `bytes` or `google.protobuf.Any`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    /// The field, by its full name.
    pub field: String,
    /// The messages that may stand there, by their full names.
    #[serde(deserialize_with = "at_least_one")]
    pub types: Vec<String>,
    /// How they are written.
    #[serde(default)]
    pub format: PayloadFormat,
}

/// How a message inside a field is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PayloadFormat {
    /// As on the wire.
    #[default]
    Binary,
    /// As protobuf's JSON.
    Json,
}

fn at_least_one<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let list = Vec::deserialize(from)?;
    if list.is_empty() {
        return Err(D::Error::custom(
            "an empty list; name at least one, or leave the key out",
        ));
    }
    Ok(list)
}

fn version<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Version>, D::Error> {
    let text = String::deserialize(from)?;
    Version::parse(&text)
        .map(Some)
        .map_err(|_| D::Error::custom("a version is three numbers, such as 1.3.0"))
}

/// The channels that can be switched on: the others belong to every one.
pub const CHANNELS: [Channel; 5] = [
    Channel::Wire,
    Channel::Json,
    Channel::SourceGo,
    Channel::SourcePy,
    Channel::Source,
];

/// The channel of a name; the error says what is known.
pub fn channel(name: &str) -> Result<Channel, String> {
    let known = CHANNELS.map(Channel::name);
    match CHANNELS.into_iter().find(|channel| channel.name() == name) {
        Some(channel) => Ok(channel),
        None => Err(match near::did_you_mean(name, known) {
            Some(near) => format!("{name:?} is no channel; {near}"),
            None => format!("{name:?} is no channel; there are {}", known.join(", ")),
        }),
    }
}

fn channels<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeSet<Channel>, D::Error> {
    let names: Vec<String> = at_least_one(from)?;
    let channels = names.iter().map(|name| channel(name));
    channels.collect::<Result<_, _>>().map_err(D::Error::custom)
}

impl Policy {
    /// What an added method or oneof arm without a guard asks for: what is
    /// said, else a major where the interface has guards at all.
    pub fn unguarded(&self, has_annotations: bool) -> Unguarded {
        self.unguarded.unwrap_or(if has_annotations {
            Unguarded::Deny
        } else {
            Unguarded::Warn
        })
    }

    /// The packages as names.
    pub fn packages(&self) -> Vec<&str> {
        self.packages.iter().map(String::as_str).collect()
    }

    /// Fails where a package, service, field or message is named that none of
    /// the sets has: a misspelt name would switch a check off. `shown` is the
    /// file that says the names.
    pub fn names_exist(&self, sets: &[&DescriptorSet<'_>], shown: &str) -> Result<(), LoadError> {
        let absent = |what: &str, key: &str, name: &str, known: Vec<String>| {
            let message =
                format!("[compat] {key} names {name}, and neither side has such a {what}");
            let error = LoadError::new(Failure::BadInput, message).in_file(shown);
            Err(
                match near::did_you_mean(name, known.iter().map(String::as_str)) {
                    Some(near) => error.hint(near),
                    None => error,
                },
            )
        };
        for name in &self.packages {
            if !packages(sets).any(|package| package == name) {
                let known = packages(sets).map(str::to_owned).collect();
                return absent("package", "packages", name, known);
            }
        }
        for name in self.implementer.keys() {
            if !has(sets, name, |named| matches!(named, Named::Service(_))) {
                return absent("service", "implementer", name, services(sets));
            }
        }
        for payload in &self.payload {
            if !fields(sets).any(|field| field == payload.field) {
                let known = fields(sets).collect();
                return absent("field", "payload.field", &payload.field, known);
            }
        }
        let types = self.payload.iter().flat_map(|payload| &payload.types);
        let types = types.map(|name| ("payload.types", name));
        let details = self.status_details.iter();
        for (key, name) in types.chain(details.map(|name| ("status_details", name))) {
            if !has(sets, name, |named| matches!(named, Named::Message(_))) {
                return absent("message", key, name, messages(sets));
            }
        }
        Ok(())
    }
}

fn has(sets: &[&DescriptorSet<'_>], name: &str, wanted: impl Fn(Named) -> bool) -> bool {
    sets.iter().any(|set| set.find(name).is_some_and(&wanted))
}

fn packages<'s>(sets: &'s [&DescriptorSet<'_>]) -> impl Iterator<Item = &'s str> {
    let files = sets.iter().flat_map(|set| set.files());
    files.map(|file| file.package)
}

fn services(sets: &[&DescriptorSet<'_>]) -> Vec<String> {
    let all = sets.iter().flat_map(|set| {
        let services = set.services().iter();
        services.map(|service| set.full_name(service.id))
    });
    all.collect()
}

fn messages(sets: &[&DescriptorSet<'_>]) -> Vec<String> {
    let all = sets.iter().flat_map(|set| {
        let messages = set.messages().iter();
        messages.map(|message| set.full_name(message.id))
    });
    all.collect()
}

fn fields(sets: &[&DescriptorSet<'_>]) -> impl Iterator<Item = String> {
    sets.iter().flat_map(|set| {
        let fields = set.fields().iter();
        fields.map(|field: &Field<'_>| set.full_name(field.id))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Policy, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn nothing_said_is_the_default() {
        assert_eq!(read("").unwrap(), Policy::default());
        let policy = Policy::default();
        assert_eq!(policy.channels, BTreeSet::from([Channel::Wire]));
        assert_eq!(policy.unguarded(true), Unguarded::Deny);
        assert_eq!(policy.unguarded(false), Unguarded::Warn);
    }

    #[test]
    fn every_key_is_read() {
        let policy = read(
            r#"
            proto = ["proto", "more"]
            imports = ["third_party"]
            packages = ["aperio.plugin.v1"]
            released = "locks"
            version = "1.3.0"
            channels = ["source-py", "wire", "json", "source-go", "source"]
            skew = ["plugin-newer"]
            deletion = "after:2"
            unguarded = "warn"
            waivers = "waivers.toml"
            status_details = ["google.rpc.ErrorInfo"]
            [implementer]
            "aperio.plugin.v1.ConnectorService" = "plugin"
            "aperio.plugin.v1.HostService" = "host"
            [[payload]]
            field = "aperio.plugin.v1.DeliveryRecord.canonical_json"
            types = ["cerebro.v1.EventEnvelope"]
            format = "json"
            "#,
        )
        .unwrap();
        assert_eq!(policy.version, Some(Version::new(1, 3, 0)));
        assert_eq!(policy.channels.len(), 5);
        assert_eq!(policy.skew, [Quadrant::PluginNewer]);
        assert_eq!(policy.deletion, Deletion::After(2));
        assert_eq!(policy.unguarded(true), Unguarded::Warn);
        assert_eq!(policy.implementer.len(), 2);
        assert_eq!(policy.payload[0].format, PayloadFormat::Json);
        assert_eq!(
            (policy.released, policy.waivers),
            ("locks".into(), "waivers.toml".into())
        );
    }

    #[test]
    fn mistakes_are_told() {
        for (text, words) in [
            ("chanels = []", "unknown field `chanels`"),
            ("channels = [\"wires\"]", "did you mean wire?"),
            ("channels = [\"xml\"]", "source-go"),
            ("channels = [\"release\"]", "is no channel"),
            ("channels = []", "at least one"),
            ("skew = []", "at least one"),
            ("skew = [\"newer\"]", "host-newer"),
            ("proto = []", "at least one"),
            ("version = \"1.3\"", "1.3.0"),
            ("deletion = \"after:0\"", "after:2"),
            ("deletion = \"after:+1\"", "after:2"),
            ("deletion = \"later\"", "never"),
            ("unguarded = \"maybe\"", "deny"),
            ("implementer = { \"a.B\" = \"both\" }", "host"),
            ("payload = [{ field = \"a\" }]", "types"),
            ("payload = [{ field = \"a\", types = [] }]", "at least one"),
            (
                "payload = [{ field = \"a\", types = [\"b\"], x = 1 }]",
                "unknown field `x`",
            ),
        ] {
            let told = read(text).unwrap_err();
            assert!(told.contains(words), "{text}: {told}");
        }
    }

    #[test]
    fn a_name_that_neither_side_has_is_told() {
        let set = DescriptorSet::parse(proto::DESCRIPTORS).unwrap();
        let empty = DescriptorSet::parse(&[]).unwrap();
        let told = |text: &str| {
            let policy = read(text).unwrap();
            policy.names_exist(&[&empty, &set], "f.toml")
        };
        for text in [
            "",
            "packages = [\"aperio.plugin.v1\"]",
            "implementer = { \"aperio.plugin.v1.HostService\" = \"host\" }",
            "status_details = [\"google.rpc.ErrorInfo\"]",
            "payload = [{ field = \"aperio.plugin.v1.DeliveryRecord.canonical_json\", types = [\"cerebro.v1.EventEnvelope\"] }]",
        ] {
            assert_eq!(told(text), Ok(()), "{text}");
        }
        for (text, near) in [
            ("packages = [\"aperio.plugin.v\"]", "aperio.plugin.v1"),
            (
                "implementer = { \"aperio.plugin.v1.HostServce\" = \"host\" }",
                "aperio.plugin.v1.HostService",
            ),
            // A message is no service.
            ("implementer = { \"google.rpc.ErrorInfo\" = \"host\" }", ""),
            (
                "status_details = [\"google.rpc.ErorInfo\"]",
                "google.rpc.ErrorInfo",
            ),
            (
                "payload = [{ field = \"aperio.plugin.v1.DeliveryRecord.canonical_jsn\", types = [\"a\"] }]",
                "aperio.plugin.v1.DeliveryRecord.canonical_json",
            ),
            (
                "payload = [{ field = \"aperio.plugin.v1.DeliveryRecord.canonical_json\", types = [\"cerebro.v1.EventEnvelop\"] }]",
                "cerebro.v1.EventEnvelope",
            ),
        ] {
            let error = told(text).unwrap_err();
            assert_eq!(error.failure, Failure::BadInput, "{text}");
            assert!(
                error.to_string().starts_with("f.toml: [compat] "),
                "{error}"
            );
            let hint = error.hint.unwrap_or_default();
            assert!(hint.contains(near), "{text}: {hint}");
        }
    }
}
