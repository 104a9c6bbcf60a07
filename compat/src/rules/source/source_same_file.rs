use super::shape::demands;
use crate::declare::rule;
use crate::effect::Demand;
use crate::found::{Era, Found, Spot};
use crate::model::{ElementId, FileId, Named, field_ids};
use crate::pair::World;

const GO_PACKAGE: u32 = 11;

rule! {
    /// What stands at the top of a file stays in that file.
    ///
    /// Python names a module after the file. Go does not, as long as both files have one `go_package`.
    ///
    /// ```proto old
    /// message M {}
    /// message N {}
    /// ```
    /// ```proto old p/v1/b.proto
    /// message B {}
    /// ```
    /// ```proto breaks
    /// message M {}
    /// ```
    /// ```proto breaks p/v1/b.proto
    /// message B {}
    /// message N {}
    /// ```
    /// ```proto allowed
    /// message M {}
    /// ```
    /// ```proto allowed p/v1/b.proto
    /// message B {}
    /// message O {}
    /// ```
    "SOURCE_SAME_FILE", Set,
    aperio [SourceGo, SourcePy],
    covers ["MESSAGE_NO_DELETE", "ENUM_NO_DELETE", "SERVICE_NO_DELETE", "EXTENSION_NO_DELETE"],
    judge
}

fn judge(world: &World, found: &mut Found) {
    for file in world.files(Era::Old) {
        let old = world.old;
        // Files of equal bytes have what they had.
        if let Some(twin) = world.file_twin(file.id)
            && world.new[twin].bytes == file.bytes
        {
            continue;
        }
        let messages = old.messages_of(file).iter();
        let messages = messages.filter(|message| message.parent.is_none());
        for twin in messages.filter_map(|message| world.message_twin(message.id)) {
            moved(world, found, file.id, twin.into(), world.new[twin].file);
        }
        let enums = old.enums_of(file).iter();
        let enums = enums.filter(|each| each.parent.is_none());
        for twin in enums.filter_map(|each| world.enum_twin(each.id)) {
            moved(world, found, file.id, twin.into(), world.new[twin].file);
        }
        let services = old.services_of(file).iter();
        for twin in services.filter_map(|service| world.service_twin(service.id)) {
            moved(world, found, file.id, twin.into(), world.new[twin].file);
        }
        for extension in field_ids(&file.extensions) {
            if let Some(Named::Extension(twin)) = world.new.find(&old.full_name(extension)) {
                moved(world, found, file.id, twin.into(), world.new[twin].file);
            }
        }
    }
}

fn moved(world: &World, found: &mut Found, from: FileId, element: ElementId, to: FileId) {
    let (before, after) = (&world.old[from], &world.new[to]);
    if before.path == after.path {
        return;
    }
    let message = format!(
        "{} moved from {} to {}",
        world.new.full_name(element),
        before.path,
        after.path
    );
    let spot = Spot::of(world.new, element);
    let hit = found.at(element, spot, Some(from), message);
    let go = if before.options.text(GO_PACKAGE) == after.options.text(GO_PACKAGE) {
        Demand::Patch
    } else {
        Demand::Major
    };
    demands(hit, go, Demand::Major);
}
