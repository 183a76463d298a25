//! The driver's hidden sub-commands alone, for tests of the driver without the whole product.

use std::process::ExitCode;

#[expect(clippy::print_stderr, reason = "standard error is how the launcher answers its driver")]
fn main() -> ExitCode {
    match tenantry_provisioner::driver::hidden_command(std::env::args_os()) {
        Some(error) => eprint!("{error:#}"),
        None => eprint!("this program is the driver's own and has no use by hand"),
    }
    ExitCode::FAILURE
}
