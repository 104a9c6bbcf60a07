use crate::declare::rule;

rule! {
    /// A package that is served names its major.
    ///
    /// The last part of a package that holds a service, such as `v1` of
    /// `acme.box.v1`, is the major of the release: two majors then never
    /// answer to the same path. Refused at any bump. Before 1.0 nothing is
    /// asked, nor of a package whose last part is no version, nor of packages
    /// that are only imported: they have majors of their own.
    "PACKAGE_SUFFIX_IS_MAJOR", Release
}
