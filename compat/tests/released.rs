//! The interface's own locks: nobody edits them, and they hold what the marks
//! in the text say was there.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use compat::lock::{self, Lock};
use compat::{DescriptorSet, Version};
use prost_reflect::DescriptorPool;
use proto::interface::{PACKAGE, at, shape};
use proto::released::RELEASED;
use std::path::{Path, PathBuf};

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto/released")
}

fn locks() -> Vec<Lock> {
    let embedded = RELEASED.iter().map(|released| Lock {
        comments: None,
        version: Version::parse(released.version).unwrap(),
        set: released.descriptor_set.to_vec(),
        digest: released.digest.to_owned(),
    });
    embedded.collect()
}

#[test]
fn the_binary_carries_every_lock_as_it_lies_there() {
    let versions = lock::versions(&directory()).unwrap();
    let there = versions
        .iter()
        .map(|version| Lock::read(&directory(), version));
    // The comments beside a lock stay there.
    let there = there.map(|lock| Lock {
        comments: None,
        ..lock.unwrap()
    });
    let there: Vec<Lock> = there.collect();
    assert_eq!(there, locks());
}

#[test]
fn no_lock_was_edited() {
    let mut before: Vec<Lock> = Vec::new();
    for lock in locks() {
        assert_eq!(lock.edits(), Vec::<String>::new(), "{}", lock.version);
        assert_eq!(lock.may_join(&before), Ok(()));
        before.push(lock);
    }
    assert_eq!(before.len(), RELEASED.len());
}

/// Element by element, so that whoever changes a released one is told which.
#[test]
fn a_lock_holds_what_the_marks_say() {
    for lock in locks() {
        let minor = u32::try_from(lock.version.minor).unwrap();
        assert_eq!(lock.version.major, u64::from(proto::INTERFACE_MAJOR));
        let released = DescriptorPool::decode(lock.set.as_slice()).unwrap();
        let [now, then] =
            [at(minor).unwrap(), released].map(|pool| shape(&pool, |package| package == PACKAGE));
        assert!(then.len() > 500, "{}", lock.version);
        let mut names: Vec<&String> = now.keys().chain(then.keys()).collect();
        names.retain(|name| now.get(*name) != then.get(*name));
        let none: [&String; 0] = [];
        assert_eq!(names, none, "{} was released otherwise", lock.version);
    }
}

#[test]
fn a_minor_keeps_the_digest_it_was_released_with() {
    for lock in locks() {
        let minor = u32::try_from(lock.version.minor).unwrap();
        let bytes = at(minor).unwrap().encode_to_vec();
        let cut = DescriptorSet::parse(&bytes).unwrap();
        let cut = Lock::freeze(lock.version.clone(), &cut, &[PACKAGE]).unwrap();
        let descriptor = |lock: &Lock| lock.digests().unwrap().descriptor;
        assert_eq!(descriptor(&cut), descriptor(&lock), "{}", lock.version);
        if minor == proto::INTERFACE_VERSION.1 {
            assert_eq!(descriptor(&lock), proto::DESCRIPTOR_DIGEST);
        }
    }
}
