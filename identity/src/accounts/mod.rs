//! The ways in: sign up, verify, log in, reset a password, set up the first operator. And what people change of
//! their own account.

mod log_in;
mod operator;
mod profile;
mod reset;
mod sign_up;

pub use log_in::{LogIn, LogInOutcome};
pub use operator::{CompleteSetup, OperatorSetup};
pub use profile::ChangePassword;
pub use reset::{ResetOutcome, ResetPassword};
pub use sign_up::{SignUp, VerifyOutcome};
