use std::collections::BTreeSet;

use chrono::TimeDelta;
use tenantry_kernel::Clock;

use super::world::{Receiver, Shop};
use crate::operator_tests::statements::Statements;

/// Ten thousand facts for three endpoints: each delivery exactly once, in a number of statements that grows with batches
/// and not with rows.
#[tokio::test]
async fn ten_thousand_facts_for_three_endpoints_cost_few_statements() {
    let shop = Shop::new().await;
    for path in ["a", "b", "c"] {
        shop.endpoint(&format!("http://127.0.0.1:9/{path}")).await;
    }
    shop.run(&format!(
        "INSERT INTO platform.outbox (tenant_id, topic, subject, payload, created_at)
         SELECT '{}', 'instance.start', 'ins_' || n, '{{\"slug\": \"shop\"}}', now() FROM generate_series(1, 10000) AS n",
        shop.tenant.uuid()
    ))
    .await;
    let statements = Statements::listen();
    assert_eq!(shop.dispatch().await, 10_000);
    let said = statements.take();
    drop(statements);
    // Twenty batches of eight statements, and one look that finds nothing.
    assert!((100..=170).contains(&said.len()), "{}: {:?}", said.len(), &said[..20]);
    assert_eq!((shop.count("messages").await, shop.count("deliveries").await), (10_000, 30_000));
    let gaps: i64 =
        shop.value("SELECT max(position) - count(*) FROM webhooks.messages WHERE position IS NOT NULL").await;
    assert_eq!(gaps, 0);
    // In the order in which the facts were written.
    let disorder: i64 = shop
        .value(
            "SELECT count(*) FROM (SELECT fact_id, lag(fact_id) OVER (ORDER BY position) AS earlier
               FROM webhooks.messages) m WHERE earlier > fact_id",
        )
        .await;
    assert_eq!(disorder, 0);
    // A claim finds its few among the many by index.
    let room = crate::webhooks::claim::Room { all: 128, failing: 64 };
    let started = std::time::Instant::now();
    assert_eq!(shop.hooks.claim(room).await.unwrap().len(), 24, "the tenant's bound");
    assert!(started.elapsed().as_millis() < 1_000, "{:?}", started.elapsed());
}

#[tokio::test]
async fn dispatchers_and_senders_side_by_side_double_nothing() {
    let (shop, receiver) = (Shop::new().await, Receiver::start().await);
    shop.endpoint(&receiver.url).await;
    let subjects: Vec<String> = (0..60).map(|n| format!("ins_{n}")).collect();
    let writers = subjects.chunks(10).map(|some| {
        let shop = &shop;
        async move {
            for subject in some {
                shop.happens(&[subject]).await;
            }
        }
    });
    let dispatchers = (0..4).map(|_| async {
        let mut all = 0;
        for _ in 0..60 {
            all += shop.hooks.dispatch().await.unwrap();
            tokio::task::yield_now().await;
        }
        all
    });
    let (_, done) = tokio::join!(futures::future::join_all(writers), futures::future::join_all(dispatchers));
    let rest = shop.dispatch().await;
    assert_eq!(done.iter().sum::<usize>() + rest, 60, "each fact was dispatched by one");
    assert_eq!((shop.count("messages").await, shop.count("deliveries").await), (60, 60));
    let last: i64 = shop.value("SELECT last_position FROM webhooks.feeds").await;
    assert_eq!(last, 60);
    // Some places may be taken by the other senders: whoever finds nothing waits and looks again.
    let senders = (0..4).map(|_| shop.hooks.send_due());
    let sent: usize =
        futures::future::join_all(senders).await.into_iter().sum::<usize>() + shop.hooks.send_due().await;
    assert_eq!(sent, 60);
    let ids: BTreeSet<_> = receiver.got().iter().map(super::world::Got::id).collect();
    assert_eq!((receiver.got().len(), ids.len()), (60, 60));
    assert!(receiver.most_at_once() <= 8, "{}", receiver.most_at_once());
}

/// A fact that cannot be written holds up no other: it is set aside with the reason.
#[tokio::test]
async fn a_poisoned_fact_is_set_aside() {
    let (shop, receiver) = (Shop::new().await, Receiver::start().await);
    shop.endpoint(&receiver.url).await;
    shop.run(
        "CREATE FUNCTION pg_temp_poison() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN IF NEW.body LIKE '%poison%' THEN RAISE EXCEPTION 'poisoned'; END IF; RETURN NEW; END $$;
         CREATE TRIGGER poison BEFORE INSERT ON webhooks.messages FOR EACH ROW EXECUTE FUNCTION pg_temp_poison()",
    )
    .await;
    shop.happens(&["a", "poison", "b", "c"]).await;
    assert_eq!(shop.work().await, 3);
    let aside: String = shop.value("SELECT set_aside FROM platform.outbox WHERE set_aside IS NOT NULL").await;
    assert!(aside.contains("poisoned"), "{aside}");
    let positions: Vec<i64> = sqlx::query_scalar("SELECT position FROM webhooks.messages ORDER BY position")
        .fetch_all(&mut shop.test.world.superuser().await)
        .await
        .unwrap();
    assert_eq!(positions, [1, 2, 3], "without a gap");
    assert_eq!(shop.dispatch().await, 0);
}

/// A dispatcher that dies before its commit has done nothing, and one that dies after it has done all.
#[tokio::test]
async fn a_broken_transaction_leaves_facts_to_dispatch() {
    let shop = Shop::new().await;
    shop.endpoint("http://127.0.0.1:9/").await;
    shop.happens(&["a", "b"]).await;
    shop.run(
        "CREATE FUNCTION pg_temp_crash() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
         CREATE TRIGGER crash AFTER INSERT ON webhooks.deliveries FOR EACH STATEMENT EXECUTE FUNCTION pg_temp_crash()",
    )
    .await;
    let error = shop.hooks.dispatch().await.unwrap_err();
    assert_eq!(error.kind(), tenantry_kernel::Kind::Unavailable, "{error:?}");
    assert_eq!(
        (shop.count("messages").await, shop.count("deliveries").await, shop.count("feeds").await),
        (0, 0, 0)
    );
    shop.run("DROP TRIGGER crash ON webhooks.deliveries").await;
    assert_eq!(shop.dispatch().await, 2);
    assert_eq!((shop.count("messages").await, shop.count("deliveries").await), (2, 2));
}

#[tokio::test]
async fn endpoints_get_the_types_they_chose_and_nothing_of_other_tenants() {
    let shop = Shop::new().await;
    let other = shop.another_tenant("rival").await;
    let (all, chosen, theirs) = (Receiver::start().await, Receiver::start().await, Receiver::start().await);
    shop.endpoint(&all.url).await;
    shop.endpoint_of(shop.tenant, &chosen.url, &["member.added"]).await;
    shop.endpoint_of(other, &theirs.url, &[]).await;
    shop.happens(&["ours"]).await;
    shop.happens_at(other, &["theirs"]).await;
    shop.work().await;
    assert_eq!(all.got().iter().map(super::world::Got::subject).collect::<Vec<_>>(), ["ours"]);
    assert_eq!(theirs.got().iter().map(super::world::Got::subject).collect::<Vec<_>>(), ["theirs"]);
    assert!(chosen.got().is_empty());
}

#[tokio::test]
async fn old_messages_go_with_their_deliveries() {
    let (shop, receiver) = (Shop::new().await, Receiver::start().await);
    shop.endpoint(&receiver.url).await;
    shop.happens(&["old"]).await;
    shop.work().await;
    shop.clock.advance(TimeDelta::days(29));
    shop.happens(&["young"]).await;
    shop.work().await;
    shop.hooks.purge().await.unwrap();
    assert_eq!((shop.count("messages").await, shop.count("deliveries").await), (2, 2));
    shop.clock.advance(TimeDelta::days(2));
    shop.hooks.purge().await.unwrap();
    assert_eq!((shop.count("messages").await, shop.count("deliveries").await), (1, 1));
    let facts: i64 = shop.value("SELECT count(*) FROM platform.outbox").await;
    assert_eq!(facts, 1);
    assert!(shop.clock.now() > chrono::DateTime::UNIX_EPOCH);
}
