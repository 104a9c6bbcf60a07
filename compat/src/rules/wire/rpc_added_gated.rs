use super::added_methods::all;
use crate::declare::rule;
use crate::effect::Demand;
use crate::found::Found;
use crate::pair::World;
use crate::rule::Channel;

rule! {
    /// A method is added behind a gate.
    ///
    /// Without a capability that it waits for, and the minor that introduced it, a new caller calls
    /// it on an old implementer and is told UNIMPLEMENTED. Interfaces that use the annotations
    /// promise that this does not happen.
    ///
    /// ```proto old
    /// message N {}
    /// service S { rpc A(N) returns (N); }
    /// ```
    /// ```proto old aperio/annotations/v1/annotations.proto
    /// package aperio.annotations.v1;
    /// import "google/protobuf/descriptor.proto";
    /// extend google.protobuf.MethodOptions { string method_since = 50102; string gated_by = 50103; }
    /// ```
    /// ```proto breaks old_to_new=Same new_to_old=Rejected
    /// import "aperio/annotations/v1/annotations.proto";
    /// message N {}
    /// service S {
    ///   rpc A(N) returns (N);
    ///   rpc B(N) returns (N) { option (aperio.annotations.v1.method_since) = "1.1"; }
    /// }
    /// ```
    /// ```proto breaks aperio/annotations/v1/annotations.proto
    /// package aperio.annotations.v1;
    /// import "google/protobuf/descriptor.proto";
    /// extend google.protobuf.MethodOptions { string method_since = 50102; string gated_by = 50103; }
    /// ```
    /// ```proto allowed
    /// import "aperio/annotations/v1/annotations.proto";
    /// message N {}
    /// service S {
    ///   rpc A(N) returns (N);
    ///   rpc B(N) returns (N) {
    ///     option (aperio.annotations.v1.method_since) = "1.1";
    ///     option (aperio.annotations.v1.gated_by) = "CAPABILITY_B";
    ///   }
    /// }
    /// ```
    /// ```proto allowed aperio/annotations/v1/annotations.proto
    /// package aperio.annotations.v1;
    /// import "google/protobuf/descriptor.proto";
    /// extend google.protobuf.MethodOptions { string method_since = 50102; string gated_by = 50103; }
    /// ```
    "RPC_ADDED_GATED", Set,
    aperio [All],
    judge
}

fn judge(world: &World, found: &mut Found) {
    for added in all(world) {
        if added.denied {
            added
                .report(world, found, " without a gate")
                .demands(Channel::All, Demand::Major);
        }
    }
}
