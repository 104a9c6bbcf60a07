//! What a plugin tells of its services through gRPC reflection.
//!
//! The client asks for the list of services, then for the file of each, then
//! for imports that did not come along. It asks `v1`, and what that was called
//! before where `v1` is unknown. What it reads is bounded in number, bytes and
//! time, weighed before it is decoded, and goes into a pool of its own.

use crate::call::{CallEnd, Caller, classify, path};
use crate::codec::RawCodec;
use crate::weight::{Room, Unfit};
use bytes::Bytes;
use prost::Message;
use prost_reflect::prost_types::FileDescriptorProto;
use prost_reflect::{DescriptorPool, MessageDescriptor};
use proto::grpc::reflection::v1::server_reflection_request::MessageRequest as Question;
use proto::grpc::reflection::v1::server_reflection_response::MessageResponse as Answer;
use proto::grpc::reflection::v1::{ServerReflectionRequest, ServerReflectionResponse};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;
use terms::Direction;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Status, Streaming};

mod comments;
mod names;

use names::Names;

/// Full names of the method, the settled one first. The wire is one.
pub const METHODS: [&str; 2] = [
    "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// Most services in a list.
const SERVICES: usize = 256;
/// Most files.
const FILES: usize = 512;
/// Most public imports: the pool goes every way that leads over them, and
/// there may be twice as many with each.
const PUBLIC: usize = 16;
/// Most bytes of answers, all together.
const BYTES: usize = (4 << 20) + 1;
/// What an answer, or all files together, may take in memory, in bytes: the
/// interface and all it imports take an eighth.
const ROOM: usize = 12 << 20;
/// The whole conversation, in limits of one call.
const CALLS: u32 = 3;

/// Characters of a refusal that are told.
const REFUSAL: usize = 400;

static ANSWER: LazyLock<MessageDescriptor> =
    LazyLock::new(|| known("grpc.reflection.v1.ServerReflectionResponse"));
static FILE: LazyLock<MessageDescriptor> =
    LazyLock::new(|| known("google.protobuf.FileDescriptorProto"));

/// What reflection told.
#[derive(Debug)]
pub struct Reflected {
    /// Which method answered.
    pub method: &'static str,
    /// The services as they are listed.
    pub services: Vec<String>,
    /// Services in the list of which no descriptor came, and why.
    pub without_descriptor: BTreeMap<String, String>,
    /// The descriptors.
    pub pool: DescriptorPool,
    /// The files as a descriptor set, each in the bytes that came but for its
    /// comments.
    pub encoded: Vec<u8>,
}

/// Why nothing was told.
#[derive(Debug)]
pub enum Failure {
    /// No version of the service is served.
    NotOffered,
    /// The call ended before its time.
    Ended(CallEnd<()>),
    /// An answer is none to its question, or the descriptors do not fit
    /// together.
    Wrong(String),
    /// More came than is read.
    TooMuch(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NotOffered => f.write_str("reflection is not offered"),
            Failure::Ended(end) => end.fmt(f),
            Failure::Wrong(text) | Failure::TooMuch(text) => f.write_str(text),
        }
    }
}

impl From<Unfit> for Failure {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Malformed(text) => Failure::Wrong(format!("an answer is malformed: {text}")),
            Unfit::TooMuch(text) => Failure::TooMuch(format!("an answer is too large: {text}")),
        }
    }
}

/// Reads what a plugin tells.
///
/// # Errors
///
/// [`Failure`] says why nothing was told.
pub async fn read(caller: &Caller) -> Result<Reflected, Failure> {
    let mut told = Err(Failure::NotOffered);
    for method in METHODS {
        caller.transcript().add(Direction::ToPlugin, method, "");
        let limit = caller.limit() * CALLS;
        let conversation = converse(caller, method);
        told = match tokio::time::timeout(limit, conversation).await {
            Ok(told) => told,
            Err(_) => Err(Failure::Ended(CallEnd::Silent(limit))),
        };
        let end = match &told {
            Ok(told) => format!("{} services", told.services.len()),
            Err(failure) => failure.to_string(),
        };
        caller.transcript().add(Direction::FromPlugin, method, end);
        if !matches!(told, Err(Failure::NotOffered)) {
            break;
        }
    }
    told
}

async fn converse(caller: &Caller, method: &'static str) -> Result<Reflected, Failure> {
    let (mut conversation, first) = Conversation::begin(caller, method).await?;
    let Answer::ListServicesResponse(list) = first else {
        return Err(Failure::Wrong(
            "the services were asked for, and something else came".to_owned(),
        ));
    };
    let services: Vec<String> = list.service.into_iter().map(|one| one.name).collect();
    if services.len() > SERVICES {
        return Err(Failure::TooMuch(format!("{} services", services.len())));
    }
    let mut files = Files::default();
    let mut without_descriptor = BTreeMap::new();
    for service in &services {
        if files.declare(service) || without_descriptor.contains_key(service) {
            continue;
        }
        let question = Question::FileContainingSymbol(service.clone());
        if let Err(reason) = conversation.file(question, &mut files).await? {
            without_descriptor.insert(service.clone(), reason);
        } else if !files.declare(service) {
            let reason = "the file that came does not declare it".to_owned();
            without_descriptor.insert(service.clone(), reason);
        }
    }
    while let Some(import) = files.missing() {
        let question = Question::FileByFilename(import.clone());
        let reason = conversation.file(question, &mut files).await?.err();
        if !files.read.contains_key(&import) {
            let reason = reason.unwrap_or_else(|| "another file came".to_owned());
            files.take_known(&import).ok_or_else(|| {
                Failure::Wrong(format!("{import:?} is imported and not told: {reason}"))
            })?;
        }
    }
    let encoded = files.encoded();
    let mut pool = DescriptorPool::new();
    pool.add_file_descriptor_protos(files.read.into_values())
        .map_err(|error| Failure::Wrong(format!("the descriptors do not fit together: {error}")))?;
    Ok(Reflected {
        method,
        services,
        without_descriptor,
        pool,
        encoded,
    })
}

/// The stream: one question, then its answer.
struct Conversation {
    questions: mpsc::Sender<ServerReflectionRequest>,
    answers: Streaming<Bytes>,
    bytes: usize,
}

impl Conversation {
    /// Opens the stream with the question for the services, which must be on
    /// its way before a server shows itself.
    async fn begin(caller: &Caller, method: &'static str) -> Result<(Self, Answer), Failure> {
        let (questions, receiver) = mpsc::channel(1);
        let first = request(Question::ListServices(String::new()));
        questions.send(first).await.expect("the receiver is here");
        let opened = async {
            let mut grpc = caller.ready(BYTES).await?;
            let questions = ReceiverStream::new(receiver)
                .map(|question: ServerReflectionRequest| Bytes::from(question.encode_to_vec()));
            let answers = grpc
                .streaming(Request::new(questions), path(method), RawCodec)
                .await?
                .into_inner();
            Ok(answers)
        };
        // UNKNOWN is what simple servers say of a method they do not know.
        let not_offered = |failure| match failure {
            Failure::Ended(CallEnd::Refused(status))
                if matches!(status.code(), Code::Unimplemented | Code::Unknown) =>
            {
                Failure::NotOffered
            }
            failure => failure,
        };
        let mut conversation = Conversation {
            questions,
            answers: opened.await.map_err(ended).map_err(not_offered)?,
            bytes: 0,
        };
        let answer = conversation.answer().await.map_err(not_offered)?;
        Ok((conversation, answer))
    }

    async fn ask(&mut self, question: Question) -> Result<Answer, Failure> {
        if self.questions.send(request(question)).await.is_err() {
            return Err(Failure::Wrong(
                "the stream ended before its time".to_owned(),
            ));
        }
        self.answer().await
    }

    async fn answer(&mut self) -> Result<Answer, Failure> {
        let answer = self.answers.message().await.map_err(ended)?;
        let Some(answer) = answer else {
            return Err(Failure::Wrong(
                "the stream ended without an answer".to_owned(),
            ));
        };
        self.bytes += answer.len();
        if self.bytes > BYTES {
            return Err(Failure::TooMuch(format!(
                "more than {BYTES} bytes of answers"
            )));
        }
        Room::of(ROOM).take(&ANSWER, &answer)?;
        ServerReflectionResponse::decode(answer)
            .map_err(|error| Failure::Wrong(format!("an answer is malformed: {error}")))?
            .message_response
            .ok_or_else(|| Failure::Wrong("an answer holds nothing".to_owned()))
    }

    /// Asks for a file; the inner error is the server's refusal.
    async fn file(
        &mut self,
        question: Question,
        files: &mut Files,
    ) -> Result<Result<(), String>, Failure> {
        match self.ask(question).await? {
            Answer::FileDescriptorResponse(told) => {
                for encoded in told.file_descriptor_proto {
                    files.add(&encoded)?;
                }
                Ok(Ok(()))
            }
            Answer::ErrorResponse(error) => {
                let code = crate::call::code_name(Code::from_i32(error.error_code));
                let told: String = error.error_message.chars().take(REFUSAL).collect();
                Ok(Err(format!("{code} {told:?}")))
            }
            _ => Err(Failure::Wrong(
                "a file was asked for, and something else came".to_owned(),
            )),
        }
    }
}

fn request(question: Question) -> ServerReflectionRequest {
    ServerReflectionRequest {
        host: String::new(),
        message_request: Some(question),
    }
}

fn ended(status: Status) -> Failure {
    Failure::Ended(classify(status, BYTES))
}

/// A message of this project's own descriptors.
fn known(name: &str) -> MessageDescriptor {
    proto::interface::newest()
        .get_message_by_name(name)
        .expect("the committed set holds reflection and descriptors")
}

/// Files by name, and what room there is for more.
struct Files {
    read: BTreeMap<String, FileDescriptorProto>,
    /// The same as they came: custom options are in the bytes alone.
    came: BTreeMap<String, Vec<u8>>,
    room: Room,
    names: Names,
    public: usize,
}

impl Default for Files {
    fn default() -> Self {
        Files {
            read: BTreeMap::new(),
            came: BTreeMap::new(),
            room: Room::of(ROOM),
            names: Names::default(),
            public: 0,
        }
    }
}

/// A file of which nothing but the name is decoded.
#[derive(Clone, PartialEq, prost::Message)]
struct Named {
    #[prost(string, tag = "1")]
    name: String,
}

impl Files {
    fn add(&mut self, encoded: &[u8]) -> Result<(), Failure> {
        let wrong = |error| Failure::Wrong(format!("a file is no descriptor: {error}"));
        let Named { name } = Named::decode(encoded).map_err(wrong)?;
        // A server may send a file again with every answer.
        if self.read.contains_key(&name) {
            return Ok(());
        }
        if self.read.len() >= FILES {
            return Err(Failure::TooMuch(format!("more than {FILES} files")));
        }
        let encoded = comments::without_comments(encoded).map_err(wrong)?;
        self.room.take(&FILE, &encoded)?;
        let file = FileDescriptorProto::decode(encoded.as_slice()).map_err(wrong)?;
        self.names.take(&file)?;
        self.public += file.public_dependency.len();
        if self.public > PUBLIC {
            return Err(Failure::TooMuch(format!(
                "more than {PUBLIC} public imports"
            )));
        }
        self.came.insert(name.clone(), encoded);
        self.read.insert(name, file);
        Ok(())
    }

    /// All of them as one descriptor set.
    fn encoded(&self) -> Vec<u8> {
        let mut set = Vec::new();
        for file in self.came.values() {
            prost::encoding::bytes::encode(1, file, &mut set);
        }
        set
    }

    /// Whether one of them declares this service.
    fn declare(&self, service: &str) -> bool {
        self.read.values().any(|file| {
            let name = match file.package() {
                "" => Some(service),
                package => service
                    .strip_prefix(package)
                    .and_then(|rest| rest.strip_prefix('.')),
            };
            file.service.iter().any(|one| Some(one.name()) == name)
        })
    }

    /// An import that is not among them.
    fn missing(&self) -> Option<String> {
        let mut imports = self.read.values().flat_map(|file| &file.dependency);
        imports.find(|name| !self.read.contains_key(*name)).cloned()
    }

    /// Takes a file from what every tool knows: protobuf's own.
    fn take_known(&mut self, name: &str) -> Option<()> {
        let known = proto::interface::newest()
            .get_file_by_name(name)
            .filter(|_| name.starts_with("google/protobuf/"))?;
        let known = known.file_descriptor_proto();
        self.came.insert(name.to_owned(), known.encode_to_vec());
        self.read.insert(name.to_owned(), known.clone());
        Some(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::transcript::Transcript;
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use prost_reflect::prost_types::SourceCodeInfo;
    use prost_reflect::prost_types::source_code_info::Location;
    use proto::grpc::reflection::v1::server_reflection_server::{
        ServerReflection, ServerReflectionServer,
    };
    use proto::grpc::reflection::v1::{
        ErrorResponse, FileDescriptorResponse, ListServiceResponse, ServiceResponse,
    };
    use std::pin::Pin;
    use std::time::{Duration, Instant};
    use tokio_stream::Stream;
    use tonic::Response;
    use tonic::codegen::Service;

    const LIMIT: Duration = Duration::from_secs(10);

    /// A server that answers each question by this function, or not at all.
    #[derive(Clone, Copy)]
    struct Server {
        v1: bool,
        answer: fn(Question) -> Option<Answer>,
    }

    type Answers = Pin<Box<dyn Stream<Item = Result<ServerReflectionResponse, Status>> + Send>>;

    #[tonic::async_trait]
    impl ServerReflection for Server {
        type ServerReflectionInfoStream = Answers;

        async fn server_reflection_info(
            &self,
            request: Request<Streaming<ServerReflectionRequest>>,
        ) -> Result<Response<Answers>, Status> {
            let answer = self.answer;
            let answers = request.into_inner().filter_map(move |question| {
                let question = question.ok()?.message_request?;
                Some(Ok(ServerReflectionResponse {
                    message_response: Some(answer(question)?),
                    ..ServerReflectionResponse::default()
                }))
            });
            Ok(Response::new(Box::pin(answers)))
        }
    }

    impl Server {
        async fn serve(
            self,
            mut request: http::Request<hyper::body::Incoming>,
        ) -> Result<http::Response<tonic::body::Body>, std::convert::Infallible> {
            let served = METHODS[usize::from(!self.v1)];
            if request.uri().path() != format!("/{served}") {
                return Ok(Status::unimplemented("no such method").into_http());
            }
            *request.uri_mut() = format!("/{}", METHODS[0]).parse().unwrap();
            ServerReflectionServer::new(self).call(request).await
        }

        async fn read(self, limit: Duration) -> Result<Reflected, Failure> {
            let (ours, theirs) = tokio::io::duplex(64 << 10);
            let service = hyper::service::service_fn(move |request| self.serve(request));
            tokio::spawn(
                hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(theirs), service),
            );
            let channel = crate::channel::over(Box::new(ours), LIMIT).await.unwrap();
            let caller = Caller::new(channel, Transcript::new(Instant::now()), limit);
            read(&caller).await
        }
    }

    async fn told(answer: fn(Question) -> Option<Answer>) -> Result<Reflected, Failure> {
        Server { v1: true, answer }.read(LIMIT).await
    }

    fn services(names: impl IntoIterator<Item = String>) -> Answer {
        let service = names
            .into_iter()
            .map(|name| ServiceResponse { name })
            .collect();
        Answer::ListServicesResponse(ListServiceResponse { service })
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "the form of every answering function"
    )]
    fn one(question: Question, file: Vec<u8>) -> Answer {
        match question {
            Question::ListServices(_) => services(["grpc.health.v1.Health".to_owned()]),
            _ => Answer::FileDescriptorResponse(FileDescriptorResponse {
                file_descriptor_proto: vec![file],
            }),
        }
    }

    fn health() -> FileDescriptorProto {
        let file = proto::interface::newest().get_file_by_name("grpc/health/v1/health.proto");
        file.unwrap().file_descriptor_proto().clone()
    }

    fn right(question: Question) -> Option<Answer> {
        Some(one(question, health().encode_to_vec()))
    }

    #[tokio::test]
    async fn a_service_comes_with_its_file() {
        for v1 in [true, false] {
            let told = Server { v1, answer: right }.read(LIMIT).await.unwrap();
            assert_eq!(told.method, METHODS[usize::from(!v1)]);
            assert_eq!(told.services, ["grpc.health.v1.Health"]);
            assert!(told.without_descriptor.is_empty());
            let set = prost_reflect::prost_types::FileDescriptorSet::decode(&*told.encoded);
            assert_eq!(set.unwrap().file, [health()]);
            assert!(
                told.pool
                    .get_service_by_name("grpc.health.v1.Health")
                    .is_some()
            );
        }
    }

    #[tokio::test]
    async fn nothing_of_that_name_is_not_offered() {
        let server = crate::services::HostServer::open(&crate::services::Listen::Loopback, None)
            .await
            .unwrap();
        let network = crate::handshake::Network::Tcp;
        let io = crate::channel::dial(&network, server.address())
            .await
            .unwrap();
        let channel = crate::channel::over(io, LIMIT).await.unwrap();
        let caller = Caller::new(channel, Transcript::new(Instant::now()), LIMIT);
        assert!(matches!(read(&caller).await, Err(Failure::NotOffered)));
    }

    #[tokio::test]
    async fn a_name_without_a_file_is_told() {
        let told = told(|question| {
            Some(match question {
                Question::ListServices(_) => services(["no.Such".to_owned()]),
                _ => Answer::ErrorResponse(ErrorResponse {
                    error_code: 5,
                    error_message: "nothing".to_owned(),
                }),
            })
        });
        let told = told.await.unwrap();
        assert_eq!(told.without_descriptor["no.Such"], "NOT_FOUND \"nothing\"");
    }

    #[tokio::test]
    async fn what_does_not_fit_together_is_wrong() {
        let wrong: [fn(Question) -> Option<Answer>; 4] = [
            // Something else than the services.
            |_| Some(one(Question::FileByFilename(String::new()), Vec::new())),
            // No descriptor.
            |question| Some(one(question, vec![0xff; 8])),
            // An import that is not told.
            |question| {
                let mut file = health();
                file.dependency.push("lost.proto".to_owned());
                Some(one(question, file.encode_to_vec()))
            },
            // A type that is nowhere.
            |question| {
                let mut file = health();
                file.message_type.clear();
                Some(one(question, file.encode_to_vec()))
            },
        ];
        for (number, answer) in wrong.into_iter().enumerate() {
            let told = told(answer).await;
            assert!(matches!(told, Err(Failure::Wrong(_))), "{number}: {told:?}");
        }
    }

    #[tokio::test]
    async fn endless_answers_are_cut() {
        let many: [fn(Question) -> Option<Answer>; 8] = [
            // Each file imports all before it, for everybody.
            |question| {
                let file = |number: i32| FileDescriptorProto {
                    name: Some(number.to_string()),
                    dependency: (0..number).map(|earlier| earlier.to_string()).collect(),
                    public_dependency: (0..number).collect(),
                    ..FileDescriptorProto::default()
                };
                Some(match one(question, Vec::new()) {
                    Answer::FileDescriptorResponse(_) => {
                        let files = (0..40).map(|number| file(number).encode_to_vec());
                        Answer::FileDescriptorResponse(FileDescriptorResponse {
                            file_descriptor_proto: files.collect(),
                        })
                    }
                    list => list,
                })
            },
            |_| Some(services((0..1000).map(|number| number.to_string()))),
            |_| Some(services((0..1_000_000).map(|_| String::new()))),
            // A million files of nothing.
            |question| {
                Some(match question {
                    Question::ListServices(_) => one(question, Vec::new()),
                    _ => Answer::FileDescriptorResponse(FileDescriptorResponse {
                        file_descriptor_proto: vec![Vec::new(); 1_000_000],
                    }),
                })
            },
            // Messages of two bytes each.
            |question| Some(one(question, [0x22, 0].repeat(1_000_000))),
            // Imports, and numbers of imports, packed.
            |question| {
                Some(one(
                    question,
                    [&[0x52, 0x80, 0x80, 0x40][..], &vec![1; 1 << 20]].concat(),
                ))
            },
            // A name that all the fields of a message repeat.
            |question| {
                let mut file = health();
                file.message_type[0].name = Some("x".repeat(100_000));
                Some(one(question, file.encode_to_vec()))
            },
            // Each file imports the next one.
            |question| {
                let number: usize = match &question {
                    Question::FileByFilename(name) => name.parse().unwrap(),
                    _ => 0,
                };
                let mut file = health();
                if number > 0 {
                    file = FileDescriptorProto::default();
                    file.name = Some(number.to_string());
                }
                file.dependency = vec![(number + 1).to_string()];
                Some(one(question, file.encode_to_vec()))
            },
        ];
        for answer in many {
            let told = told(answer).await;
            assert!(matches!(told, Err(Failure::TooMuch(_))), "{told:?}");
        }
    }

    #[tokio::test]
    async fn comments_and_repetitions_weigh_nothing() {
        let told = told(|question| {
            let mut file = health();
            let location = |number| Location {
                path: vec![number; 8],
                span: vec![number; 4],
                ..Location::default()
            };
            file.source_code_info = Some(SourceCodeInfo {
                location: (0..5_000).map(location).collect(),
            });
            let file = file.encode_to_vec();
            Some(match question {
                Question::ListServices(_) => one(question, file),
                _ => Answer::FileDescriptorResponse(FileDescriptorResponse {
                    file_descriptor_proto: vec![file; 20],
                }),
            })
        });
        assert!(told.await.unwrap().without_descriptor.is_empty());
    }

    #[test]
    fn six_times_the_interface_is_still_read() {
        let mut files = Files::default();
        for copy in 0..6 {
            for file in proto::interface::newest().files() {
                let mut file = file.file_descriptor_proto().clone();
                file.name = Some(format!("{copy}/{}", file.name()));
                files.add(&file.encode_to_vec()).unwrap();
            }
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_too_large_is_told_with_its_bound() {
        let told = told(|_| Some(services(["x".repeat(BYTES)]))).await;
        let Err(Failure::Ended(CallEnd::TooLarge(text))) = told else {
            panic!("{told:?}");
        };
        assert!(text.ends_with(&format!("{BYTES} bytes")), "{text}");
    }

    #[tokio::test]
    async fn silence_ends() {
        let server = Server {
            v1: true,
            answer: |_| None,
        };
        let told = server.read(Duration::from_millis(100)).await;
        assert!(
            matches!(told, Err(Failure::Ended(CallEnd::Silent(_)))),
            "{told:?}"
        );
    }
}
