//! Passkeys: of a device that does what it should, and of others.

use chrono::TimeDelta;
use serde_json::Value;
use tenantry_authz::Ctx;
use tenantry_identity::*;
use tenantry_kernel::*;

use crate::authenticator::Device;
use crate::factors::ADA;
use crate::world::*;

const ORIGIN: &str = "https://portal.example";
const BOB: &str = "bob@example.com";

impl World {
    async fn register(&self, ctx: &Ctx, device: &mut Device) -> Result<PasskeyRegistered> {
        let challenge = self.identity.start_passkey_registration(ctx).await?;
        let credential = device.create(&challenge.options);
        let answer = PasskeyAnswer { token: challenge.token, credential };
        self.identity.finish_passkey_registration(ctx, (answer, "Laptop")).await
    }

    /// Somebody with a passkey.
    async fn with_passkey(&self, email: &str) -> (Ctx, Device) {
        let ctx = self.logged_in(email).await;
        let mut device = Device::new(ORIGIN);
        self.register(&ctx, &mut device).await.unwrap();
        (ctx, device)
    }

    async fn log_in_by(&self, device: &mut Device) -> LogInOutcome {
        let challenge = self.identity.start_passkey_log_in(&self.anonymous()).await.unwrap();
        let credential = device.get(&challenge.options);
        self.answer(&challenge.token, credential).await
    }

    async fn answer(&self, token: &Secret, credential: Value) -> LogInOutcome {
        let answer = PasskeyAnswer { token: token.clone(), credential };
        self.identity.log_in_with_passkey(&self.anonymous(), answer).await.unwrap()
    }
}

fn is_in(outcome: &LogInOutcome) -> bool {
    matches!(outcome, LogInOutcome::LoggedIn { .. })
}

fn is_wrong(outcome: &LogInOutcome) -> bool {
    matches!(outcome, LogInOutcome::WrongFactor)
}

#[tokio::test]
async fn a_passkey_logs_its_person_in_without_a_password() {
    let world = World::new().await;
    let ada = world.logged_in(ADA).await;
    let mut device = Device::new(ORIGIN);
    let challenge = world.identity.start_passkey_registration(&ada).await.unwrap();
    let selection = &challenge.options["authenticatorSelection"];
    assert_eq!(
        (&selection["residentKey"], &selection["userVerification"]),
        (&"required".into(), &"required".into())
    );
    let answer = PasskeyAnswer { token: challenge.token, credential: device.create(&challenge.options) };
    let made = world.identity.finish_passkey_registration(&ada, (answer, " Laptop ")).await.unwrap();
    assert_eq!((made.passkey.name.as_str(), made.recovery_codes.len()), ("Laptop", 10));
    let LogInOutcome::LoggedIn { user, token, .. } = world.log_in_by(&mut device).await else { panic!() };
    assert_eq!(user.email, ADA);
    assert_eq!(world.methods().await, ["passkey"]);
    // It is a fresh proof too.
    let again = world.as_holder_of(&token).await;
    assert!(again.ensure_proof().is_ok());
    let factors = world.identity.factors(&again).await.unwrap();
    assert_eq!(factors.passkeys[0].last_used_at, Some(world.clock.now()));
    // A second one: named, no new codes; the first is not made again.
    let challenge = world.identity.start_passkey_registration(&again).await.unwrap();
    assert_eq!(challenge.options["excludeCredentials"].as_array().unwrap().len(), 1);
    let mut phone = Device::new(ORIGIN);
    assert!(world.register(&again, &mut phone).await.unwrap().recovery_codes.is_empty());
    assert!(is_in(&world.log_in_by(&mut phone).await) && is_in(&world.log_in_by(&mut device).await));
}

#[tokio::test]
async fn as_a_second_factor_it_completes_a_log_in() {
    let world = World::new().await;
    let (ada, mut device) = world.with_passkey(ADA).await;
    let token = world.first_step(ADA).await;
    let challenge = world.identity.challenge_passkey(&world.anonymous(), Some(&token)).await.unwrap();
    let credential = device.get(&challenge.options);
    let proof = FactorProof::Passkey(PasskeyAnswer { token: challenge.token, credential });
    let done = world.second_step(&token, proof.clone()).await.unwrap();
    assert!(is_in(&done), "{done:?}");
    assert_eq!(world.methods().await, ["password", "passkey"]);
    // The answer is used up, in another log-in too.
    let token = world.first_step(ADA).await;
    assert!(is_wrong(&world.second_step(&token, proof).await.unwrap()));

    let challenge = world.identity.challenge_passkey(&ada, None).await.unwrap();
    let credential = device.get(&challenge.options);
    let proof = FactorProof::Passkey(PasskeyAnswer { token: challenge.token, credential });
    let proved = world.identity.prove(&ada, ProveWith::Factor(proof)).await.unwrap();
    assert!(matches!(proved, ProveOutcome::Proved { .. }));
    let unknown = world.identity.challenge_passkey(&world.anonymous(), Some(&Secret::new("x"))).await;
    assert_eq!(unknown.unwrap_err().kind(), Kind::Unauthenticated);
    let nobody = world.identity.challenge_passkey(&world.anonymous(), None).await;
    assert_eq!(nobody.unwrap_err().kind(), Kind::Unauthenticated);
}

#[tokio::test]
async fn an_answer_for_another_origin_is_refused() {
    let world = World::new().await;
    let (ada, mut device) = world.with_passkey(ADA).await;
    for origin in
        ["https://portal.example.evil.example", "http://portal.example", "https://sub.portal.example"]
    {
        device.origin = origin.to_owned();
        assert!(is_wrong(&world.log_in_by(&mut device).await), "{origin}");
        let refused = world.register(&ada, &mut Device::new(origin)).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Invalid, "{origin}");
    }
    device.origin = ORIGIN.to_owned();
    assert!(is_in(&world.log_in_by(&mut device).await));
    assert_eq!(world.identity.factors(&ada).await.unwrap().passkeys.len(), 1);
}

#[tokio::test]
async fn a_challenge_is_answered_once_within_five_minutes_and_for_its_own_purpose() {
    let world = World::new().await;
    let (ada, mut device) = world.with_passkey(ADA).await;
    let start = async || world.identity.start_passkey_log_in(&world.anonymous()).await.unwrap();
    let challenge = start().await;
    let answer = device.get(&challenge.options);
    assert!(is_in(&world.answer(&challenge.token, answer.clone()).await));
    assert!(is_wrong(&world.answer(&challenge.token, answer.clone()).await), "replayed");
    assert!(is_wrong(&world.answer(&start().await.token, answer).await), "replayed to another challenge");

    let challenge = start().await;
    let answer = device.get(&challenge.options);
    let tries = (0..8).map(|_| world.answer(&challenge.token, answer.clone()));
    let outcomes = futures::future::join_all(tries).await;
    assert_eq!(outcomes.iter().filter(|outcome| is_in(outcome)).count(), 1, "of many at once, one");

    let challenge = start().await;
    let answer = device.get(&challenge.options);
    world.clock.advance(TimeDelta::minutes(5));
    assert!(is_wrong(&world.answer(&challenge.token, answer).await), "too late");

    // What was given out to prove is no log-in, and the other way round.
    let challenge = world.identity.challenge_passkey(&ada, None).await.unwrap();
    let answer = device.get(&challenge.options);
    assert!(is_wrong(&world.answer(&challenge.token, answer).await));
    let challenge = start().await;
    let proof = PasskeyAnswer { token: challenge.token, credential: device.get(&challenge.options) };
    let proved = world.identity.prove(&ada, ProveWith::Factor(FactorProof::Passkey(proof))).await.unwrap();
    assert!(matches!(proved, ProveOutcome::Wrong));
    // A registration that failed has used its challenge up.
    let ada = world.logged_in_by(&mut device).await;
    let challenge = world.identity.start_passkey_registration(&ada).await.unwrap();
    let (mut bad, mut good) = (Device::new("https://evil.example"), Device::new(ORIGIN));
    for credential in [bad.create(&challenge.options), good.create(&challenge.options)] {
        let answer = PasskeyAnswer { token: challenge.token.clone(), credential };
        let refused = world.identity.finish_passkey_registration(&ada, (answer, "x")).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Invalid);
    }
}

impl World {
    async fn logged_in_by(&self, device: &mut Device) -> Ctx {
        match self.log_in_by(device).await {
            LogInOutcome::LoggedIn { token, .. } => self.as_holder_of(&token).await,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_counter_that_does_not_grow_is_of_a_copy() {
    let world = World::new().await;
    let (_, mut device) = world.with_passkey(ADA).await;
    device.counter = Some(10);
    assert!(is_in(&world.log_in_by(&mut device).await));
    for stale in [3, 10] {
        device.counter = Some(stale);
        assert!(is_wrong(&world.log_in_by(&mut device).await), "{stale}");
    }
    device.counter = Some(11);
    assert!(is_in(&world.log_in_by(&mut device).await));
    device.counter = None;
    assert!(is_wrong(&world.log_in_by(&mut device).await), "one that stops counting is another device");
    // Many keep none at all.
    let bob = world.logged_in(BOB).await;
    let mut synced = Device::new(ORIGIN);
    synced.counter = None;
    world.register(&bob, &mut synced).await.unwrap();
    assert!(is_in(&world.log_in_by(&mut synced).await) && is_in(&world.log_in_by(&mut synced).await));
}

#[tokio::test]
async fn another_persons_passkey_counts_for_that_person_alone() {
    let world = World::new().await;
    let (ada, mut hers) = world.with_passkey(ADA).await;
    let (bob, mut his) = world.with_passkey(BOB).await;
    let user_handle = hers.user_handle.clone();
    // He answers for her log-in.
    let token = world.first_step(ADA).await;
    let challenge = world.identity.challenge_passkey(&world.anonymous(), Some(&token)).await.unwrap();
    let credential = his.get(&challenge.options);
    let proof = FactorProof::Passkey(PasskeyAnswer { token: challenge.token, credential });
    assert!(is_wrong(&world.second_step(&token, proof).await.unwrap()));
    // To a challenge that was given out for him.
    let challenge = world.identity.challenge_passkey(&bob, None).await.unwrap();
    let credential = his.get(&challenge.options);
    let proof = FactorProof::Passkey(PasskeyAnswer { token: challenge.token, credential });
    assert!(is_wrong(&world.second_step(&token, proof).await.unwrap()));
    // He says that his passkey is hers, or hers his.
    let handle = std::mem::replace(&mut his.user_handle, user_handle);
    assert!(is_wrong(&world.log_in_by(&mut his).await));
    hers.user_handle = handle;
    assert!(is_wrong(&world.log_in_by(&mut hers).await));
    // Her registered credential cannot be registered for him.
    let taken = world.register(&bob, &mut hers).await.unwrap_err();
    assert_eq!(taken.kind(), Kind::Conflict);
    // Nor can he touch it.
    let id = world.identity.factors(&ada).await.unwrap().passkeys[0].id;
    for refused in
        [world.identity.rename_passkey(&bob, id, "Mine").await, world.identity.remove_passkey(&bob, id).await]
    {
        assert_eq!(refused.unwrap_err().kind(), Kind::NotFound);
    }
    world.identity.rename_passkey(&ada, id, "Phone").await.unwrap();
    assert_eq!(world.identity.factors(&ada).await.unwrap().passkeys[0].name, "Phone");
    world.identity.remove_passkey(&ada, id).await.unwrap();
    assert!(world.identity.factors(&ada).await.unwrap().passkeys.is_empty());
}

#[tokio::test]
async fn a_device_that_does_not_verify_the_person_is_no_log_in() {
    let world = World::new().await;
    let (ada, mut device) = world.with_passkey(ADA).await;
    device.verifies = false;
    assert!(is_wrong(&world.log_in_by(&mut device).await));
    let token = world.first_step(ADA).await;
    let challenge = world.identity.challenge_passkey(&world.anonymous(), Some(&token)).await.unwrap();
    assert_eq!(challenge.options["userVerification"], "required");
    let credential = device.get(&challenge.options);
    let proof = FactorProof::Passkey(PasskeyAnswer { token: challenge.token, credential });
    assert!(is_wrong(&world.second_step(&token, proof).await.unwrap()));
    let mut other = Device::new(ORIGIN);
    other.verifies = false;
    assert_eq!(world.register(&ada, &mut other).await.unwrap_err().kind(), Kind::Invalid);
}

#[tokio::test]
async fn what_is_no_answer_is_refused_and_a_portal_without_a_name_has_no_passkeys() {
    let world = World::new().await;
    let (ada, _) = world.with_passkey(ADA).await;
    for nonsense in [Value::Null, Value::from("x"), serde_json::json!({ "id": "AA", "response": {} })] {
        let challenge = world.identity.start_passkey_log_in(&world.anonymous()).await.unwrap();
        assert!(is_wrong(&world.answer(&challenge.token, nonsense.clone()).await), "{nonsense}");
        let challenge = world.identity.start_passkey_registration(&ada).await.unwrap();
        let answer = PasskeyAnswer { token: challenge.token, credential: nonsense };
        let refused = world.identity.finish_passkey_registration(&ada, (answer, "x")).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Invalid);
    }
    let nameless = world.with(|config| config.public_url = "http://127.0.0.1:8080".to_owned());
    let refused = nameless.start_passkey_log_in(&world.anonymous()).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Conflict);
}
