//! Regions: what opens and closes protection on user threads.
//!
//! Everything here runs outside the allocator and may panic, but only once its region has closed.

mod blocking;
mod count;
mod defer;
mod edge;
mod guard;
mod guarded;
mod host;
mod lending;
mod manual;
mod measurement;
#[cfg(feature = "process-counts")]
mod metrics;
mod mode;
mod note;
mod page_faults;
mod permit;
mod permit_drop;
mod plain;
mod policy;
mod polled;
#[cfg(feature = "profile")]
mod profile;
mod published;
mod reclaimer;
mod run;
mod scope;
#[cfg(feature = "futures-sink")]
mod sink;
mod startup;
#[cfg(feature = "process-counts")]
mod stats;
#[cfg(feature = "futures-core")]
mod stream;
mod sweep;
mod test;
mod token;
#[cfg(feature = "tokio")]
mod tokio_io;
mod violations;
mod warm_up;
mod watch;

pub use blocking::{is_blocking_watched, no_blocking, no_blocking_at};
pub use count::{count_alloc, count_blocking, count_calls, uncounted};
pub use defer::{defer_frees, deferred, reclaim};
pub use guard::RegionGuard;
pub use guarded::{
    GuardExt, Guarded, count_future, guard_future, made, no_blocking_future, permit_future, pinned,
    policy_future,
};
pub use host::{guard_handle, share_guard};
pub use manual::{enter_protected, exit_protected, protection_level};
pub use measurement::Measurement;
#[cfg(feature = "process-counts")]
pub use metrics::{Metrics, RegionMetrics, metrics};
pub use mode::{mode, set_mode};
pub use note::Note;
pub use page_faults::{PageFaults, count_page_faults};
pub use permit::permit_alloc;
pub use permit_drop::PermitDrop;
pub use plain::{assert_no_alloc, no_alloc};
pub use policy::Policy;
#[cfg(feature = "profile")]
pub use profile::{Profile, profile, set_profile_interval};
pub use published::CountsHandle;
pub use reclaimer::Reclaimer;
pub use run::{run_policy, run_required};
#[cfg(feature = "process-counts")]
pub use stats::Stats;
pub use sweep::sweep;
pub use test::test;
pub use token::PolicyToken;
pub use violations::{blocking_violations, take_violations, violations};
pub use warm_up::warm_up;
pub use watch::{Counted, NoAlloc, NoBlocking, Permitted, Policed, Watch};
