//! The `tenantry` binary.

use std::process::ExitCode;

/// A request makes many small values that live as long as it does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // An instance's launcher is this very program: it must become n8n before anything else is set up.
    match tenantry_provisioner::driver::hidden_command(std::env::args_os()) {
        Some(error) => fail(&error),
        None => tenantry::cli::main(),
    }
}

#[expect(clippy::print_stderr, reason = "the launcher's standard error is the instance's log")]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("tenantry: {error:#}");
    ExitCode::FAILURE
}
