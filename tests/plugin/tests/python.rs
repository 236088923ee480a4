//! A Python program loads a plug-in: nothing of it is Rust's but that.
//!
//! Alone because it only watches another process: this one has no plug-in.
#![cfg(all(target_os = "linux", any(debug_assertions, feature = "enforce")))]

use std::process::Command;

#[allow(dead_code, reason = "only the file's path is used")]
mod loaded;

const PROGRAM: &str = r#"
import ctypes, sys
first = ctypes.CDLL(sys.argv[1])
second = ctypes.CDLL(sys.argv[2])
callback = ctypes.CFUNCTYPE(None)
first.plugin_violations.restype = second.plugin_violations.restype = ctypes.c_uint64
first.plugin_counts_only(True)
second.plugin_allocate(1)
@callback
def body():
    second.plugin_allocate(3)
buffer = ctypes.create_string_buffer(1 << 16)
first.plugin_protect(body, buffer, ctypes.c_size_t(len(buffer)))
print(first.plugin_violations(), second.plugin_violations())
first.plugin_counts_only(False)
length = first.plugin_protect(body, buffer, ctypes.c_size_t(len(buffer)))
print("plugin_allocate" in buffer.raw[:length].decode())
"#;

#[test]
fn a_python_program_has_one_guard_in_two_modules() {
    let second = loaded::another("python");
    let output = Command::new("python3").args(["-c", PROGRAM]).arg(loaded::file()).arg(&second).output();
    let _ = std::fs::remove_file(second);
    let Ok(output) = output else {
        eprintln!("not run: there is no python3 here");
        return;
    };
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "6 6\nTrue\n", "{stderr}");
}
