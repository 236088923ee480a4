//! divan's allocation profiler, outside a benchmark.

#[global_allocator]
static ALLOC: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() -> std::process::ExitCode {
    qadapt_peers::main_with(&qadapt_peers::Ways::default())
}
