//! A program that plays a recording through a plug-in, which must not allocate while it does.
//!
//! `cargo run -p plugin-host` finds nothing. With `-- --careless` the plug-in copies each block, in Rust and in C; the program's
//! region sees both, and the reports name the plug-in's file and lines. `-- FILE` loads another build of the plug-in. Sound must
//! not stop for a report, so violations are logged. Exit codes: 0 clean, 1 violations, 2 could not run.

use std::env::{self, consts};
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use qadapt::{Mode, QADAPT};
use qadapt_examples::audio::{BLOCK, Recording, decibels, peak};
use qadapt_examples::cli::{HOW_TO_MEASURE, data_file};
// The program, not the plug-in, has what makes C's allocations visible.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
use qadapt_malloc as _;

use effect::Effect;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

fn main() -> ExitCode {
    match run() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(error) => {
            eprintln!("plugin_host: {error}");
            ExitCode::from(2)
        }
    }
}

/// Plays the recording and returns the number of violations.
fn run() -> Result<u64, Box<dyn Error>> {
    let mut is_careless = false;
    let mut file = beside(&env::current_exe()?);
    for argument in env::args_os().skip(1) {
        if argument == "--careless" {
            is_careless = true;
        } else {
            file = argument.into();
        }
    }
    if env::var_os("QADAPT_MODE").is_none() {
        qadapt::set_mode(Mode::Log);
    }

    let recording = Recording::read(&data_file("plucked_string.wav"))?;
    let mut samples = recording.normalised();
    let mut effect = Effect::load(&file, recording.rate as usize / 4, is_careless)?;
    println!("peak in     {:.1} dB", decibels(peak(&samples)));
    for block in samples.chunks_mut(BLOCK) {
        qadapt::assert_no_alloc(|| effect.process(block));
    }
    println!("peak out    {:.1} dB", decibels(peak(&samples)));
    println!("C           {}", if qadapt::c_is_active() { "watched" } else { "not watched" });
    if qadapt::is_active() {
        println!("violations  {}", qadapt::violations());
    } else {
        println!("violations  {HOW_TO_MEASURE}");
    }
    Ok(qadapt::violations())
}

/// The plug-in, where Cargo puts it.
fn beside(program: &std::path::Path) -> PathBuf {
    let name = format!("{}echo_plugin{}", consts::DLL_PREFIX, consts::DLL_SUFFIX);
    program.with_file_name("deps").join(name)
}

/// The plug-in as this program holds it.
mod effect {
    #![expect(unsafe_code, reason = "calls what was compiled apart")]

    use std::ffi::c_void;
    use std::path::Path;

    use libloading::{Error, Library};
    use qadapt_examples::audio::BLOCK;

    type New = unsafe extern "C" fn(usize, usize, bool) -> *mut c_void;
    type Process = unsafe extern "C" fn(*mut c_void, *mut f32, usize);
    type Free = unsafe extern "C" fn(*mut c_void);

    /// An effect of a plug-in's.
    pub(super) struct Effect {
        handle: *mut c_void,
        process: Process,
        free: Free,
        /// Keeps the functions.
        _library: Library,
    }

    impl Effect {
        pub(super) fn load(file: &Path, delay: usize, is_careless: bool) -> Result<Self, Error> {
            // SAFETY: what runs as the plug-in is loaded is QADAPT's, which is made for that.
            let library = unsafe { Library::new(file) }?;
            // SAFETY: the plug-in's function of this name has this type.
            let new = *unsafe { library.get::<New>(b"echo_new\0") }?;
            // SAFETY: as above.
            let process = *unsafe { library.get::<Process>(b"echo_process\0") }?;
            // SAFETY: as above.
            let free = *unsafe { library.get::<Free>(b"echo_free\0") }?;
            // SAFETY: any numbers may be passed.
            let handle = unsafe { new(delay, BLOCK, is_careless) };
            Ok(Self { handle, process, free, _library: library })
        }

        /// Processes a block of at most [`BLOCK`] samples in place.
        pub(super) fn process(&mut self, block: &mut [f32]) {
            assert!(block.len() <= BLOCK, "a block is no longer than was said");
            // SAFETY: the effect is the plug-in's, and nobody else has it; the block is as long as it says.
            unsafe { (self.process)(self.handle, block.as_mut_ptr(), block.len()) };
        }
    }

    impl Drop for Effect {
        fn drop(&mut self) {
            // SAFETY: the effect is the plug-in's, and is used no more.
            unsafe { (self.free)(self.handle) };
        }
    }
}
