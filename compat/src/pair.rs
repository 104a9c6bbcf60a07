//! Old and new, paired once; [`judge`] shows rules their pairs.
//!
//! Files are paired by path; messages, enums and services by full name over
//! all files; fields by number inside paired messages; extensions by what they
//! extend and their number; methods by name inside paired services; oneofs by
//! name inside paired messages. Enum values are paired by rules themselves:
//! one number may have many names.

mod walk;

pub use walk::judge;

use crate::found::Era;
use crate::model::{
    Cardinality, DescriptorSet, ElementId, Enum, EnumId, Field, FieldId, File, FileId, Message,
    MessageId, MethodId, Named, OneofId, ServiceId, Target,
};
use crate::occasion::Occasion;
use crate::shape::Shapes;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::OnceLock;

/// Two elements that are one.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'w, T> {
    /// As it was.
    pub old: &'w T,
    /// As it is.
    pub new: &'w T,
}

/// Which new element an old one became, and back.
#[derive(Debug, Default)]
struct Twins {
    forward: Vec<u32>,
    backward: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Twins {
    fn new(old: usize, new: usize) -> Self {
        Twins {
            forward: vec![NONE; old],
            backward: vec![NONE; new],
        }
    }

    fn pair(&mut self, old: u32, new: u32) {
        self.forward[old as usize] = new;
        self.backward[new as usize] = old;
    }

    fn pair_ranges(&mut self, old: &Range<u32>, new: &Range<u32>) {
        for (old, new) in old.clone().zip(new.clone()) {
            self.pair(old, new);
        }
    }
}

fn get(table: &[u32], at: usize) -> Option<u32> {
    table.get(at).copied().filter(|twin| *twin != NONE)
}

/// The part a file takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// It is paired and judged.
    Judged,
    /// It is paired, and what is found in it does not count.
    Paired,
    /// It is not there.
    Absent,
}

/// Both sides and how they are paired.
pub struct World<'w> {
    /// The base.
    pub old: &'w DescriptorSet<'w>,
    /// What is judged.
    pub new: &'w DescriptorSet<'w>,
    /// What the comparison is about.
    pub occasion: Occasion<'w>,
    parts: [Vec<Part>; 2],
    packages: [HashMap<&'w str, FileId>; 2],
    files: Twins,
    messages: Twins,
    enums: Twins,
    services: Twins,
    fields: Twins,
    oneofs: Twins,
    methods: Twins,
    shapes: OnceLock<Shapes>,
    carriers: OnceLock<HashMap<(EnumId, EnumId), (FieldId, FieldId)>>,
    required: [OnceLock<HashSet<EnumId>>; 2],
    extensions: [OnceLock<HashMap<(MessageId, i32), FieldId>>; 2],
    moved: OnceLock<[HashMap<FieldId, FieldId>; 2]>,
}

macro_rules! twins {
    ($($kind:ident $id:ident: $table:ident, $twin:ident, $origin:ident;)+) => {
        impl World<'_> {
            $(
                /// The new element that an old one became.
                pub fn $twin(&self, old: $id) -> Option<$id> {
                    get(&self.$table.forward, old.index()).map($id)
                }

                /// The old element that a new one was.
                pub fn $origin(&self, new: $id) -> Option<$id> {
                    get(&self.$table.backward, new.index()).map($id)
                }
            )+

            /// What an element of one side is on the other, by its pair; values
            /// have none.
            fn paired(&self, era: Era, element: ElementId) -> Option<ElementId> {
                match (element, era) {
                    $(
                        (ElementId::$kind(id), Era::Old) => self.$twin(id).map(Into::into),
                        (ElementId::$kind(id), Era::New) => self.$origin(id).map(Into::into),
                    )+
                    (ElementId::Value(_), _) => None,
                }
            }
        }
    };
}

twins! {
    File FileId: files, file_twin, file_origin;
    Message MessageId: messages, message_twin, message_origin;
    Enum EnumId: enums, enum_twin, enum_origin;
    Service ServiceId: services, service_twin, service_origin;
    Field FieldId: fields, field_twin, field_origin;
    Oneof OneofId: oneofs, oneof_twin, oneof_origin;
    Method MethodId: methods, method_twin, method_origin;
}

impl<'w> World<'w> {
    /// Pairs two sets whole.
    pub fn new(old: &'w DescriptorSet<'w>, new: &'w DescriptorSet<'w>) -> Self {
        World::of(old, new, |_, _| Part::Judged)
    }

    /// Pairs those files of two sets that take part.
    pub fn of(
        old: &'w DescriptorSet<'w>,
        new: &'w DescriptorSet<'w>,
        part: impl Fn(Era, &File<'_>) -> Part,
    ) -> Self {
        let parts = [(Era::Old, old), (Era::New, new)]
            .map(|(era, set)| set.files().iter().map(|file| part(era, file)).collect());
        let mut world = World {
            old,
            new,
            occasion: Occasion::default(),
            parts,
            packages: [HashMap::new(), HashMap::new()],
            files: Twins::new(old.files().len(), new.files().len()),
            messages: Twins::new(old.messages().len(), new.messages().len()),
            enums: Twins::new(old.enums().len(), new.enums().len()),
            services: Twins::new(old.services().len(), new.services().len()),
            fields: Twins::new(old.fields().len(), new.fields().len()),
            oneofs: Twins::new(old.oneofs.len(), new.oneofs.len()),
            methods: Twins::new(old.methods.len(), new.methods.len()),
            shapes: OnceLock::new(),
            carriers: OnceLock::new(),
            required: [OnceLock::new(), OnceLock::new()],
            extensions: [OnceLock::new(), OnceLock::new()],
            moved: OnceLock::new(),
        };
        world.pair_files();
        world.pair_named();
        world.pair_extensions();
        world
    }

    /// The types that stand where types of other names stood.
    pub(crate) fn shapes(&self) -> &Shapes {
        self.shapes.get_or_init(|| Shapes::of(self))
    }

    /// A field that holds one enum on the old side and the other on the new.
    pub(crate) fn carrier(&self, pair: (EnumId, EnumId)) -> Option<(FieldId, FieldId)> {
        let carriers = self.carriers.get_or_init(|| {
            let mut carriers = HashMap::new();
            for old in self.old.fields() {
                let Some(new) = self.field_twin(old.id).map(|id| &self.new[id]) else {
                    continue;
                };
                if let (Target::Enum(before), Target::Enum(after)) = (old.target, new.target) {
                    carriers.entry((before, after)).or_insert((old.id, new.id));
                }
            }
            carriers
        });
        carriers.get(&pair).copied()
    }

    /// Whether a field of one side that is required holds an enum.
    pub(crate) fn requires(&self, era: Era, id: EnumId) -> bool {
        let required = self.required[era as usize].get_or_init(|| {
            let set = self.set(era);
            let fields = set.fields().iter();
            let required = fields.filter(|field| set.cardinality(field) == Cardinality::Required);
            required
                .filter_map(|field| match field.target {
                    Target::Enum(id) => Some(id),
                    _ => None,
                })
                .collect()
        });
        required.contains(&id)
    }

    /// The extension of one side that extends a message by a number.
    pub(crate) fn extension(
        &self,
        era: Era,
        message: MessageId,
        number: i32,
    ) -> Option<&'w Field<'w>> {
        let set = self.set(era);
        let extensions = self.extensions[era as usize].get_or_init(|| {
            let extensions = self.files(era).flat_map(|file| set.extensions_of(file));
            extensions
                .map(|field| ((set.owner(field), field.number), field.id))
                .collect()
        });
        extensions.get(&(message, number)).map(|id| &set[*id])
    }

    /// The new field of the number of an old one, where one of the two is an
    /// extension and the other stands in the message.
    pub(crate) fn moved_to(&self, old: FieldId) -> Option<FieldId> {
        self.moved()[Era::Old as usize].get(&old).copied()
    }

    /// The old field of the number of a new one, likewise.
    pub(crate) fn moved_from(&self, new: FieldId) -> Option<FieldId> {
        self.moved()[Era::New as usize].get(&new).copied()
    }

    /// What an element of one side is on the other; a field may have become an
    /// extension. Values are not paired here.
    pub(crate) fn counterpart(&self, era: Era, element: ElementId) -> Option<ElementId> {
        let moved = || match (element, era) {
            (ElementId::Field(id), Era::Old) => self.moved_to(id).map(Into::into),
            (ElementId::Field(id), Era::New) => self.moved_from(id).map(Into::into),
            _ => None,
        };
        self.paired(era, element).or_else(moved)
    }

    fn moved(&self) -> &[HashMap<FieldId, FieldId>; 2] {
        self.moved.get_or_init(|| {
            let mut moved = [HashMap::new(), HashMap::new()];
            let mut pair = |old: FieldId, new: FieldId| {
                moved[Era::Old as usize].insert(old, new);
                moved[Era::New as usize].insert(new, old);
            };
            for message in self.old.messages() {
                let Some(twin) = self.message_twin(message.id) else {
                    continue;
                };
                for field in self.old.fields_of(message) {
                    if self.field_twin(field.id).is_none()
                        && let Some(new) = self.extension(Era::New, twin, field.number)
                    {
                        pair(field.id, new.id);
                    }
                }
                for field in self.new.fields_of(&self.new[twin]) {
                    if self.field_origin(field.id).is_none()
                        && let Some(old) = self.extension(Era::Old, message.id, field.number)
                    {
                        pair(old.id, field.id);
                    }
                }
            }
            moved
        })
    }

    /// The set of one side.
    pub fn set(&self, era: Era) -> &'w DescriptorSet<'w> {
        match era {
            Era::Old => self.old,
            Era::New => self.new,
        }
    }

    /// Whether a file takes part.
    pub fn judges(&self, era: Era, file: FileId) -> bool {
        self.part(era, file) != Part::Absent
    }

    /// The part a file takes.
    pub fn part(&self, era: Era, file: FileId) -> Part {
        self.parts[era as usize][file.index()]
    }

    /// The files of one side that take part.
    pub fn files(&self, era: Era) -> impl Iterator<Item = &'w File<'w>> {
        let files = self.set(era).files().iter();
        files.filter(move |file| self.judges(era, file.id))
    }

    /// Whether one side has the package; one of its files.
    pub fn package(&self, era: Era, package: &str) -> Option<FileId> {
        self.packages[era as usize].get(package).copied()
    }

    /// The packages of one side, each with its first file by path.
    pub fn packages(&self, era: Era) -> impl Iterator<Item = (&'w str, FileId)> {
        self.packages[era as usize]
            .iter()
            .map(|(package, file)| (*package, *file))
    }

    fn all_files(&self, era: Era) -> Vec<&'w File<'w>> {
        self.files(era).collect()
    }

    fn pair_files(&mut self) {
        let by_path: HashMap<&str, FileId> = self
            .files(Era::New)
            .map(|file| (file.path, file.id))
            .collect();
        for file in self.all_files(Era::Old) {
            if let Some(twin) = by_path.get(file.path) {
                self.files.pair(file.id.0, twin.0);
            }
        }
        for era in [Era::Old, Era::New] {
            let set = self.set(era);
            for file in self.all_files(era) {
                let first = self.packages[era as usize]
                    .entry(file.package)
                    .or_insert(file.id);
                if file.path < set[*first].path {
                    *first = file.id;
                }
            }
        }
    }

    fn pair_named(&mut self) {
        let (old, new) = (self.old, self.new);
        for file in self.all_files(Era::Old) {
            // Files of equal bytes have equal tables, in the same order.
            if let Some(twin) = self.file_twin(file.id).map(|id| &new[id])
                && file.bytes == twin.bytes
            {
                self.messages
                    .pair_ranges(&file.all_messages, &twin.all_messages);
                self.enums.pair_ranges(&file.all_enums, &twin.all_enums);
                self.services.pair_ranges(&file.services, &twin.services);
                for (message, twin) in old.messages_of(file).iter().zip(new.messages_of(twin)) {
                    self.fields.pair_ranges(&message.fields, &twin.fields);
                    self.oneofs.pair_ranges(&message.oneofs, &twin.oneofs);
                }
                for (service, twin) in old.services_of(file).iter().zip(new.services_of(twin)) {
                    self.methods.pair_ranges(&service.methods, &twin.methods);
                }
                continue;
            }
            for message in old.messages_of(file) {
                if let Some(Named::Message(twin)) = new.find(old.message_name(message.id))
                    && self.judges(Era::New, new[twin].file)
                {
                    self.messages.pair(message.id.0, twin.0);
                    self.pair_members(message, &new[twin]);
                }
            }
            for each in old.enums_of(file) {
                if let Some(Named::Enum(twin)) = new.find(old.enum_name(each.id))
                    && self.judges(Era::New, new[twin].file)
                {
                    self.enums.pair(each.id.0, twin.0);
                }
            }
            for service in old.services_of(file) {
                if let Some(Named::Service(twin)) = new.find(old.service_name(service.id))
                    && self.judges(Era::New, new[twin].file)
                {
                    self.services.pair(service.id.0, twin.0);
                    let methods = new.methods_of(&new[twin]);
                    pair_by_key(
                        &mut self.methods,
                        old.methods_of(service),
                        methods,
                        |method| (method.name, method.id.0),
                    );
                }
            }
        }
    }

    fn pair_members(&mut self, old: &Message<'_>, new: &Message<'_>) {
        if old.bytes == new.bytes {
            self.fields.pair_ranges(&old.fields, &new.fields);
            self.oneofs.pair_ranges(&old.oneofs, &new.oneofs);
            return;
        }
        pair_by_key(
            &mut self.fields,
            self.old.fields_of(old),
            self.new.fields_of(new),
            |field| (field.number, field.id.0),
        );
        pair_by_key(
            &mut self.oneofs,
            self.old.oneofs_of(old),
            self.new.oneofs_of(new),
            |oneof| (oneof.name, oneof.id.0),
        );
    }

    fn pair_extensions(&mut self) {
        let (old, new) = (self.old, self.new);
        let mut by_number: HashMap<(MessageId, i32), FieldId> = HashMap::new();
        for file in self.all_files(Era::New) {
            for field in new.extensions_of(file) {
                by_number.insert((new.owner(field), field.number), field.id);
            }
        }
        if by_number.is_empty() {
            return;
        }
        for file in self.all_files(Era::Old) {
            for field in old.extensions_of(file) {
                // By name: what is extended may stand in a file that takes no
                // part.
                let extendee = new.find_message(old.message_name(old.owner(field)));
                let twin = extendee.and_then(|id| by_number.get(&(id, field.number)));
                if let Some(twin) = twin {
                    self.fields.pair(field.id.0, twin.0);
                }
            }
        }
    }

    /// Messages of one full name that differ, or inherit something else.
    pub fn changed_messages(&self) -> impl Iterator<Item = Pair<'w, Message<'w>>> + use<'_, 'w> {
        let (old, new) = (self.old, self.new);
        let changed = move |file: &&File<'w>| {
            let twin = self.file_twin(file.id);
            twin.is_none_or(|twin| file.bytes != new[twin].bytes)
        };
        let files = self.files(Era::Old).filter(changed);
        files
            .flat_map(move |file| old.messages_of(file))
            .filter_map(move |message| {
                let twin = &new[self.message_twin(message.id)?];
                (!self.same_message(message, twin)).then_some(Pair {
                    old: message,
                    new: twin,
                })
            })
    }

    /// Whether what children inherit from their files, beside features, is
    /// equal.
    fn same_climate(&self, old: FileId, new: FileId) -> bool {
        let (old, new) = (&self.old[old], &self.new[new]);
        old.syntax == new.syntax && old.java_string_check_utf8 == new.java_string_check_utf8
    }

    fn same_message(&self, old: &Message<'_>, new: &Message<'_>) -> bool {
        old.features == new.features
            && self.same_climate(old.file, new.file)
            && old.bytes == new.bytes
    }

    fn same_enum(&self, old: &Enum<'_>, new: &Enum<'_>) -> bool {
        old.features == new.features
            && self.same_climate(old.file, new.file)
            && old.bytes == new.bytes
    }
}

/// Pairs children by a key; those that stand in one order pair as they go.
fn pair_by_key<'c, T, K: Ord + Copy>(
    twins: &mut Twins,
    old: &'c [T],
    new: &'c [T],
    key: impl Fn(&'c T) -> (K, u32),
) {
    let mut rest = 0;
    while let (Some(old), Some(new)) = (old.get(rest), new.get(rest)) {
        let ((old_key, old), (new_key, new)) = (key(old), key(new));
        if old_key != new_key {
            break;
        }
        twins.pair(old, new);
        rest += 1;
    }
    if rest == old.len() || rest == new.len() {
        return;
    }
    let mut by_key: Vec<(K, u32)> = new[rest..].iter().map(&key).collect();
    by_key.sort_unstable_by_key(|(key, _)| *key);
    for each in &old[rest..] {
        let (wanted, old) = key(each);
        if let Ok(at) = by_key.binary_search_by_key(&wanted, |(key, _)| *key) {
            twins.pair(old, by_key[at].1);
        }
    }
}
