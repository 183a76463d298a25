//! Being told of a log-in from elsewhere.

use chrono::TimeDelta;

use crate::world::*;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:152.0) Gecko/20100101 Firefox/152.0";
const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36";

#[tokio::test]
async fn a_person_is_told_of_a_log_in_from_a_device_or_network_that_is_new() {
    let world = World::new().await;
    world.person("ada@example.com").await;
    world.person("bob@example.com").await;
    let told = async |email: &str| {
        world
            .mail_to(email)
            .await
            .into_iter()
            .filter(|m| m.subject == "New log-in to your account")
            .collect::<Vec<_>>()
    };
    world.session_from("ada@example.com", ("192.0.2.7", FIREFOX)).await;
    assert!(told("ada@example.com").await.is_empty(), "the very first");
    for _ in 0..2 {
        world.session_from("ada@example.com", ("192.0.2.99", FIREFOX)).await;
    }
    world.session_from("ada@example.com", ("192.0.2.7", &FIREFOX.replace("152", "153"))).await;
    assert!(told("ada@example.com").await.is_empty(), "the same network and browser");

    world.session_from("ada@example.com", ("198.51.100.4", FIREFOX)).await;
    world.session_from("ada@example.com", ("192.0.2.7", CHROME)).await;
    let mails = told("ada@example.com").await;
    assert_eq!(mails.len(), 2);
    for (mail, (name, address)) in
        mails.iter().zip([("Firefox on Linux", "198.51.100.4"), ("Chrome on Windows", "192.0.2.7")])
    {
        for part in [name, address, "2024-10-04 00:00 UTC", "https://portal.example/account/sessions"] {
            assert!(mail.body.contains(part), "{part} in {}", mail.body);
            assert!(mail.html.as_ref().unwrap().contains(part), "{part} in {:?}", mail.html);
        }
    }
    // Known from now on.
    world.session_from("ada@example.com", ("198.51.100.4", FIREFOX)).await;
    world.session_from("bob@example.com", ("203.0.113.9", CHROME)).await;
    assert_eq!(told("ada@example.com").await.len(), 2);
    assert!(told("bob@example.com").await.is_empty(), "his first");

    // After half a year it is new again; and what somebody else used is new to oneself.
    world.clock.advance(TimeDelta::days(179));
    world.session_from("ada@example.com", ("192.0.2.7", FIREFOX)).await;
    world.clock.advance(TimeDelta::days(2));
    world.identity.purge_expired().await.unwrap();
    world.session_from("ada@example.com", ("203.0.113.9", CHROME)).await;
    world.session_from("ada@example.com", ("198.51.100.4", FIREFOX)).await;
    assert_eq!(told("ada@example.com").await.len(), 4);
}

#[tokio::test]
async fn a_wrong_password_makes_no_device_known() {
    let world = World::new().await;
    world.person("ada@example.com").await;
    world.session_from("ada@example.com", ("192.0.2.7", FIREFOX)).await;
    world.log_in("ada@example.com", OTHER_PASSWORD).await;
    let known: i64 = sqlx::query_scalar("SELECT count(*) FROM identity.known_devices")
        .fetch_one(&mut world.superuser().await)
        .await
        .unwrap();
    assert_eq!(known, 1);
}
