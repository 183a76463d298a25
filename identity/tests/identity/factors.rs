//! Authenticators of codes and recovery codes: the second step of a log-in.

use std::num::NonZeroU32;
use std::process::Command;
use std::time::Duration;

use chrono::TimeDelta;
use tenantry_authz::Ctx;
use tenantry_identity::*;
use tenantry_kernel::*;

use crate::authenticator::code_at;
use crate::world::*;

pub(crate) const ADA: &str = "ada@example.com";

impl World {
    /// Sets an authenticator up; its key, and the recovery codes that came with it.
    pub(crate) async fn with_totp(&self, ctx: &Ctx) -> (Secret, Vec<Secret>) {
        let setup = self.identity.start_totp(ctx).await.unwrap();
        let codes = self.identity.confirm_totp(ctx, &code_at(&setup.secret, self.clock.now())).await.unwrap();
        // The step of the code that confirmed it is used.
        self.clock.advance(TimeDelta::seconds(30));
        (setup.secret, codes)
    }

    /// Shows the right password; the token of the log-in that waits.
    pub(crate) async fn first_step(&self, email: &str) -> Secret {
        match self.log_in(email, PASSWORD).await {
            LogInOutcome::SecondFactorNeeded { token, .. } => token,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn second_step(&self, token: &Secret, proof: FactorProof) -> Result<LogInOutcome> {
        let input = CompleteLogIn { token: token.clone(), proof };
        self.identity.complete_log_in(&self.anonymous(), input).await
    }

    async fn by_code(&self, token: &Secret, code: &Secret) -> Result<LogInOutcome> {
        self.second_step(token, FactorProof::Totp(code.clone())).await
    }

    /// What the newest session of anybody has shown.
    pub(crate) async fn methods(&self) -> Vec<String> {
        sqlx::query_scalar("SELECT methods FROM identity.sessions ORDER BY ctid DESC LIMIT 1")
            .fetch_one(&mut self.superuser().await)
            .await
            .unwrap()
    }
}

fn entered(outcome: &Result<LogInOutcome>) -> bool {
    matches!(outcome, Ok(LogInOutcome::LoggedIn { .. }))
}

/// A code that is none of now.
fn wrong(key: &Secret, world: &World) -> Secret {
    let near = [-1, 0, 1].map(|step| code_at(key, world.clock.now() + TimeDelta::seconds(30 * step)));
    (0..4).map(|n| Secret::new(format!("00000{n}"))).find(|code| !near.contains(code)).unwrap()
}

/// Another implementation of RFC 6238 logs in with what ours has set up.
#[tokio::test]
async fn oathtool_logs_in() {
    let world = World::new().await;
    let ada = world.logged_in(ADA).await;
    let oathtool = |key: &Secret| {
        let now = world.clock.now().format("%Y-%m-%d %H:%M:%S UTC").to_string();
        let mut command = Command::new("oathtool");
        let output = command.args(["--totp", "--base32", "--now", &now, key.expose()]).output();
        let output = output.expect("oathtool: `cargo xtask test` installs it");
        assert!(output.status.success(), "{output:?}");
        Secret::new(String::from_utf8(output.stdout).unwrap().trim())
    };
    let setup = world.identity.start_totp(&ada).await.unwrap();
    assert!(setup.url.expose().contains(setup.secret.expose()) && setup.qr.size > 20);
    // Not yet confirmed, it is no factor.
    assert!(matches!(world.log_in(ADA, PASSWORD).await, LogInOutcome::LoggedIn { .. }));
    let refused = world.identity.confirm_totp(&ada, &wrong(&setup.secret, &world)).await.unwrap_err();
    assert_eq!((refused.kind(), refused.field()), (Kind::Invalid, Some("code")));
    let codes = world.identity.confirm_totp(&ada, &oathtool(&setup.secret)).await.unwrap();
    assert_eq!(codes.len(), 10);
    assert!(world.mail_to(ADA).await.iter().any(|m| m.subject == "A second factor was added"));
    world.clock.advance(TimeDelta::seconds(30));

    let LogInOutcome::SecondFactorNeeded { token, factors, .. } = world.log_in(ADA, PASSWORD).await else {
        panic!("the password alone is not enough");
    };
    assert_eq!(factors, [FactorKind::Totp, FactorKind::RecoveryCode]);
    assert!(entered(&world.by_code(&token, &oathtool(&setup.secret)).await));
    assert_eq!(world.methods().await, ["password", "otp"]);
    let again = world.identity.start_totp(&ada).await.unwrap_err();
    assert_eq!(again.kind(), Kind::Conflict, "there is one already");
}

#[tokio::test]
async fn a_code_is_taken_once_and_of_twenty_at_once_one() {
    let world = World::new().await;
    let ada = world.logged_in(ADA).await;
    let (key, _) = world.with_totp(&ada).await;
    let code = code_at(&key, world.clock.now());
    // The limits of a process would hide what the database decides.
    let free = world.with(|config| {
        let often = Bucket::new(NonZeroU32::new(1000).unwrap(), Duration::from_millis(1));
        config.throttling = Throttling { account: often, address: often, ..Throttling::default() };
    });
    let anonymous = world.anonymous();
    let mut tokens = Vec::new();
    for _ in 0..20 {
        let input = LogIn { email: ADA.to_owned(), password: Secret::new(PASSWORD) };
        match free.log_in(&anonymous, input).await.unwrap() {
            LogInOutcome::SecondFactorNeeded { token, .. } => tokens.push(token),
            other => panic!("{other:?}"),
        }
    }
    let tries = tokens.iter().map(|token| {
        let proof = FactorProof::Totp(code.clone());
        free.complete_log_in(&anonymous, CompleteLogIn { token: token.clone(), proof })
    });
    let outcomes = futures::future::join_all(tries).await;
    assert_eq!(outcomes.iter().filter(|outcome| entered(outcome)).count(), 1);
    let others = outcomes.iter().filter(|outcome| matches!(outcome, Ok(LogInOutcome::WrongFactor)));
    assert_eq!(others.count(), 19, "{outcomes:?}");
    // A code that was used tells of no guessing: nothing is locked. And it stays used, also within its skew.
    let token = world.first_step(ADA).await;
    world.clock.advance(TimeDelta::seconds(25));
    assert!(matches!(world.by_code(&token, &code).await, Ok(LogInOutcome::WrongFactor)));
    world.clock.advance(TimeDelta::seconds(30));
    assert!(entered(&world.by_code(&token, &code_at(&key, world.clock.now())).await));
}

#[tokio::test]
async fn five_wrong_codes_lock_and_the_sixth_is_refused_though_it_is_right() {
    let world = World::new().await;
    let ada = world.logged_in(ADA).await;
    let (key, codes) = world.with_totp(&ada).await;
    // Not all in one log-in: that one would end, and the lock is the person's.
    for _ in 0..5 {
        let token = world.first_step(ADA).await;
        let outcome = world.by_code(&token, &wrong(&key, &world)).await;
        assert!(matches!(outcome, Ok(LogInOutcome::WrongFactor)), "{outcome:?}");
    }
    let token = world.first_step(ADA).await;
    let right = code_at(&key, world.clock.now());
    let locked = world.by_code(&token, &right).await.unwrap_err();
    assert_eq!(locked.kind(), Kind::RateLimited);
    assert!(locked.remedy().contains("Wait"), "{}", locked.remedy());
    let recovery = world.second_step(&token, FactorProof::RecoveryCode(codes[0].clone())).await;
    assert_eq!(recovery.unwrap_err().kind(), Kind::RateLimited, "recovery codes are codes");
    let proof = ProveWith::Factor(FactorProof::Totp(right));
    assert_eq!(world.identity.prove(&ada, proof).await.unwrap_err().kind(), Kind::RateLimited);
    world.clock.advance(TimeDelta::seconds(61));
    // One more locks for longer.
    assert!(matches!(world.by_code(&token, &wrong(&key, &world)).await, Ok(LogInOutcome::WrongFactor)));
    world.clock.advance(TimeDelta::seconds(61));
    let right = code_at(&key, world.clock.now());
    assert_eq!(world.by_code(&token, &right).await.unwrap_err().kind(), Kind::RateLimited);
    world.clock.advance(TimeDelta::seconds(61));
    assert!(entered(&world.by_code(&token, &code_at(&key, world.clock.now())).await));
    // What was right starts the count anew.
    let token = world.first_step(ADA).await;
    world.clock.advance(TimeDelta::seconds(30));
    assert!(matches!(world.by_code(&token, &wrong(&key, &world)).await, Ok(LogInOutcome::WrongFactor)));
    assert!(entered(&world.by_code(&token, &code_at(&key, world.clock.now())).await));
}

#[tokio::test]
async fn a_log_in_waits_ten_minutes_and_for_five_tries() {
    let world = World::new().await;
    let ada = world.logged_in(ADA).await;
    let (key, codes) = world.with_totp(&ada).await;
    let token = world.first_step(ADA).await;
    for unknown in [Secret::new(""), random_token(&OsEntropy)] {
        let outcome = world.by_code(&unknown, &code_at(&key, world.clock.now())).await;
        assert!(matches!(outcome, Ok(LogInOutcome::LogInExpired)), "{outcome:?}");
    }
    world.clock.advance(TimeDelta::minutes(10));
    let outcome = world.by_code(&token, &code_at(&key, world.clock.now())).await;
    assert!(matches!(outcome, Ok(LogInOutcome::LogInExpired)), "{outcome:?}");

    let token = world.first_step(ADA).await;
    for _ in 0..4 {
        assert!(matches!(world.by_code(&token, &wrong(&key, &world)).await, Ok(LogInOutcome::WrongFactor)));
    }
    let malformed = Secret::new("no code");
    assert!(matches!(world.by_code(&token, &malformed).await, Ok(LogInOutcome::WrongFactor)));
    world.clock.advance(TimeDelta::seconds(61));
    let outcome = world.second_step(&token, FactorProof::RecoveryCode(codes[0].clone())).await;
    assert!(matches!(outcome, Ok(LogInOutcome::LogInExpired)), "{outcome:?}");
    // It is good once.
    let token = world.first_step(ADA).await;
    assert!(entered(&world.second_step(&token, FactorProof::RecoveryCode(codes[0].clone())).await));
    let outcome = world.second_step(&token, FactorProof::RecoveryCode(codes[1].clone())).await;
    assert!(matches!(outcome, Ok(LogInOutcome::LogInExpired)), "{outcome:?}");
}

#[tokio::test]
async fn a_recovery_code_works_once_and_is_told_and_new_ones_end_the_old() {
    let world = World::new().await;
    let ada = world.logged_in(ADA).await;
    let (_, codes) = world.with_totp(&ada).await;
    let try_code = async |code: &Secret| {
        let token = world.first_step(ADA).await;
        world.second_step(&token, FactorProof::RecoveryCode(code.clone())).await
    };
    let typed = Secret::new(codes[0].expose().to_uppercase().replace('-', " "));
    assert!(entered(&try_code(&typed).await));
    assert_eq!(world.methods().await, ["password", "recovery"]);
    assert!(matches!(try_code(&codes[0]).await, Ok(LogInOutcome::WrongFactor)));
    assert!(world.mail_to(ADA).await.iter().any(|m| m.subject == "A recovery code was used"));
    assert_eq!(world.identity.factors(&ada).await.unwrap().recovery_codes_left, 9);
    // Of many at once, one wins.
    let (one, other) = tokio::join!(try_code(&codes[1]), try_code(&codes[1]));
    assert!(entered(&one) != entered(&other), "{one:?} {other:?}");

    let fresh = world.logged_in_again_with(&codes[2]).await;
    let new = world.identity.new_recovery_codes(&fresh).await.unwrap();
    assert_eq!(world.identity.factors(&ada).await.unwrap().recovery_codes_left, 10);
    assert!(matches!(try_code(&codes[3]).await, Ok(LogInOutcome::WrongFactor)));
    assert!(entered(&try_code(&new[0]).await));
}

impl World {
    /// A new session, by a recovery code.
    async fn logged_in_again_with(&self, code: &Secret) -> Ctx {
        let token = self.first_step(ADA).await;
        match self.second_step(&token, FactorProof::RecoveryCode(code.clone())).await.unwrap() {
            LogInOutcome::LoggedIn { token, .. } => self.as_holder_of(&token).await,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_new_password_by_mail_does_not_take_the_second_factor_away() {
    let world = World::new().await;
    let ada = world.logged_in(ADA).await;
    let (key, _) = world.with_totp(&ada).await;
    world.request_reset(ADA).await;
    let link = world.token_mailed_to(ADA).await;
    assert_eq!(world.reset(&link, OTHER_PASSWORD).await.unwrap(), ResetOutcome::PasswordSet);
    let LogInOutcome::SecondFactorNeeded { token, .. } = world.log_in(ADA, OTHER_PASSWORD).await else {
        panic!("whoever reads the mailbox has one factor, not two");
    };
    assert!(entered(&world.by_code(&token, &code_at(&key, world.clock.now())).await));
}

#[tokio::test]
async fn without_its_last_factor_an_account_has_no_recovery_codes_and_the_password_is_enough() {
    let world = World::new().await;
    let ada = world.logged_in(ADA).await;
    world.with_totp(&ada).await;
    world.identity.remove_totp(&ada).await.unwrap();
    let factors = world.identity.factors(&ada).await.unwrap();
    assert_eq!((factors.totp, factors.recovery_codes_left, factors.has_password), (None, 0, true));
    assert!(matches!(world.log_in(ADA, PASSWORD).await, LogInOutcome::LoggedIn { .. }));
    assert!(world.mail_to(ADA).await.iter().any(|m| m.subject == "A second factor was removed"));
    assert_eq!(world.identity.remove_totp(&ada).await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(world.identity.new_recovery_codes(&ada).await.unwrap_err().kind(), Kind::Conflict);
}

#[tokio::test]
async fn the_database_holds_neither_seed_nor_code_and_a_seed_is_good_for_its_person_alone() {
    let world = World::new().await;
    let ada = world.logged_in(ADA).await;
    let (key, codes) = world.with_totp(&ada).await;
    let bob = world.logged_in("bob@example.com").await;
    world.with_totp(&bob).await;
    let mut superuser = world.superuser().await;
    let dump: String = sqlx::query_scalar(
        "SELECT coalesce(string_agg(t::text, ' '), '') || (SELECT string_agg(c::text, ' ') FROM identity.recovery_codes c)
         FROM identity.totp t",
    )
    .fetch_one(&mut superuser)
    .await
    .unwrap();
    assert!(!dump.contains(key.expose()));
    assert!(codes.iter().all(|code| !dump.contains(&code.expose().replace('-', ""))));
    // Put beside another person, a sealed seed opens nothing.
    sqlx::query(
        "UPDATE identity.totp SET seed = (SELECT seed FROM identity.totp WHERE user_id = $1) WHERE user_id = $2",
    )
    .bind(ada.user().unwrap().uuid())
    .bind(bob.user().unwrap().uuid())
    .execute(&mut superuser)
    .await
    .unwrap();
    let token = world.first_step("bob@example.com").await;
    let outcome = world.by_code(&token, &code_at(&key, world.clock.now())).await;
    assert_eq!(outcome.unwrap_err().kind(), Kind::Internal);
}
