use crate::declare::rule;
use crate::found::{Era, Found};
use crate::pair::World;

rule! {
    /// A file keeps its path.
    ///
    /// Whoever imports it, and every generated module named after it, counts on the path.
    ///
    /// ```proto old
    /// message M {}
    /// ```
    /// ```proto old p/v1/b.proto
    /// message B {}
    /// ```
    /// ```proto breaks
    /// message M {}
    /// ```
    /// ```proto allowed
    /// message M {}
    /// ```
    /// ```proto allowed p/v1/b.proto
    /// message B {}
    /// ```
    /// ```proto allowed p/v1/c.proto
    /// message C {}
    /// ```
    "FILE_NO_DELETE", Set,
    buf [File, Csr],
    aperio [SourcePy],
    judge
}

fn judge(world: &World, found: &mut Found) {
    for file in world.files(Era::Old) {
        if world.file_twin(file.id).is_none() {
            let message = format!("file {} was deleted", file.path);
            found.gone(file.id, None, file.id, message);
        }
    }
}
