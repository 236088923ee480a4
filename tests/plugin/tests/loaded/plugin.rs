//! The plug-in as a program sees it that has loaded it.

use std::ffi::{CStr, c_void};
use std::path::Path;

use libloading::os::unix;
use libloading::{Library, Symbol};

/// What a plug-in calls back.
pub(crate) type Callback = extern "C" fn();

/// A loaded copy of the plug-in. Dropping it unloads that.
pub(crate) struct Plugin(Library);

#[expect(unsafe_code, dead_code, reason = "calls what was compiled apart; each test uses what it needs")]
impl Plugin {
    /// Loads a file.
    pub(crate) fn load(file: &Path) -> Self {
        // SAFETY: what runs as the plug-in is loaded is QADAPT's, which is made for that.
        Self(unsafe { Library::new(file) }.unwrap_or_else(|error| panic!("{}: {error}", file.display())))
    }

    /// Loads a file so that what is loaded later finds its functions, too.
    pub(crate) fn load_for_all(file: &Path) -> Self {
        let how = unix::RTLD_NOW | unix::RTLD_GLOBAL;
        // SAFETY: as above.
        let library = unsafe { unix::Library::open(Some(file), how) };
        Self(library.unwrap_or_else(|error| panic!("{}: {error}", file.display())).into())
    }

    fn get<T>(&self, name: &CStr) -> Symbol<'_, T> {
        // SAFETY: every caller below names a function of the plug-in's with its type.
        unsafe { self.0.get(name.to_bytes_with_nul()) }.expect("the plug-in has this function")
    }

    pub(crate) fn allocate(&self, times: u32) {
        self.get::<extern "C" fn(u32)>(c"plugin_allocate")(times);
    }

    pub(crate) fn allocate_in_c(&self, times: u32) {
        self.get::<extern "C" fn(u32)>(c"plugin_allocate_in_c")(times);
    }

    /// The report of a plain region of the plug-in's round a call back.
    pub(crate) fn protect(&self, callback: Callback) -> String {
        let protect = self.get::<unsafe extern "C" fn(Callback, *mut u8, usize) -> usize>(c"plugin_protect");
        // SAFETY: the buffer is as large as it says.
        text(|buffer, size| unsafe { protect(callback, buffer, size) })
    }

    /// The same with a budget of requests.
    pub(crate) fn budget(&self, requests: u64, callback: Callback) -> String {
        type Budget = unsafe extern "C" fn(Callback, u64, *mut u8, usize) -> usize;
        let budget = self.get::<Budget>(c"plugin_budget");
        // SAFETY: the buffer is as large as it says.
        text(|buffer, size| unsafe { budget(callback, requests, buffer, size) })
    }

    pub(crate) fn permit(&self, callback: Callback) {
        self.get::<extern "C" fn(Callback)>(c"plugin_permit")(callback);
    }

    pub(crate) fn watch(&self, callback: Callback) {
        self.get::<extern "C" fn(Callback)>(c"plugin_watch")(callback);
    }

    /// The report of a region that must not wait.
    pub(crate) fn hurry(&self, callback: Callback) -> String {
        let hurry = self.get::<unsafe extern "C" fn(Callback, *mut u8, usize) -> usize>(c"plugin_hurry");
        // SAFETY: the buffer is as large as it says.
        text(|buffer, size| unsafe { hurry(callback, buffer, size) })
    }

    pub(crate) fn sees_calls(&self) -> bool {
        self.get::<extern "C" fn() -> bool>(c"plugin_sees_calls")()
    }

    pub(crate) fn sleep(&self) {
        self.get::<extern "C" fn()>(c"plugin_sleep")();
    }

    /// Violations of a future that is polled so often, and sleeps in each poll.
    pub(crate) fn turns(&self, polls: u32) -> u64 {
        self.get::<extern "C" fn(u32) -> u64>(c"plugin_turns")(polls)
    }

    pub(crate) fn counts_calls(&self) -> bool {
        self.get::<extern "C" fn() -> bool>(c"plugin_counts_calls")()
    }

    pub(crate) fn refuse(&self, callback: Callback) {
        self.get::<extern "C" fn(Callback)>(c"plugin_refuse")(callback);
    }

    pub(crate) fn try_to_allocate(&self) -> bool {
        self.get::<extern "C" fn() -> bool>(c"plugin_try")()
    }

    pub(crate) fn panics(&self) -> bool {
        self.get::<extern "C" fn() -> bool>(c"plugin_panic")()
    }

    pub(crate) fn violations(&self) -> u64 {
        self.get::<extern "C" fn() -> u64>(c"plugin_violations")()
    }

    pub(crate) fn level(&self) -> usize {
        self.get::<extern "C" fn() -> usize>(c"plugin_level")()
    }

    pub(crate) fn is_active(&self) -> bool {
        self.get::<extern "C" fn() -> bool>(c"plugin_is_active")()
    }

    pub(crate) fn takes_hook(&self) {
        self.get::<extern "C" fn()>(c"plugin_takes_hook")();
    }

    pub(crate) fn counts_only(&self, counts: bool) {
        self.get::<extern "C" fn(bool)>(c"plugin_counts_only")(counts);
    }

    pub(crate) fn handle(&self) -> *const c_void {
        self.get::<extern "C" fn() -> *const c_void>(c"plugin_handle")()
    }

    /// Shares another plug-in's guard, which has this handle.
    ///
    /// # Safety
    /// It is null or such a handle, or looks like that of another version, and the other plug-in stays loaded.
    pub(crate) unsafe fn share(&self, handle: *const c_void) -> bool {
        let share = self.get::<unsafe extern "C" fn(*const c_void) -> bool>(c"plugin_share");
        // SAFETY: the caller's promise.
        unsafe { share(handle) }
    }

    pub(crate) fn by_hand(&self, opens: bool) {
        self.get::<extern "C" fn(bool)>(c"plugin_by_hand")(opens);
    }
}

fn text(write: impl FnOnce(*mut u8, usize) -> usize) -> String {
    let mut buffer = vec![0; 1 << 16];
    let length = write(buffer.as_mut_ptr(), buffer.len());
    String::from_utf8_lossy(&buffer[..length]).into_owned()
}
