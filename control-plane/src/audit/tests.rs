//! The trail on a real PostgreSQL: checkpoints, pruning, refusals, and files that were tampered with.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use tenantry_authz::{Action, PlatformRole, Resource, ResourceKind, Role};
use tenantry_kernel::{Clock, Kind, ManualClock, SystemClock, TenantId};
use tenantry_store::PageRequest;
use tenantry_store::audit::{self, By, Entry, Filter, PLATFORM, Record, checkpoints};

use super::verify::Broken;
use super::{Keyring, Trust, Verified, Verify, jwks, pem, verify};
use crate::test_world::TestApp;

/// A moment for a clock that is moved by hand.
pub(super) fn now() -> DateTime<Utc> {
    SystemClock.now()
}

pub(super) async fn append(test: &TestApp, tenant: TenantId, number: i64) {
    append_at(test, tenant, (number, test.now())).await;
}

async fn append_at(test: &TestApp, tenant: TenantId, (number, at): (i64, DateTime<Utc>)) {
    let tx = test.app.audit.system().await.unwrap();
    let entry = Entry {
        tenant,
        action: "test.did",
        resource: format!("thing {number}"),
        result: audit::OK,
        details: serde_json::json!({ "number": number, "text": "é\n\"" }),
    };
    audit::append(&tx, By::system("test", at), entry).await.unwrap();
    tx.commit().await.unwrap();
}

pub(super) async fn records(test: &TestApp, tenant: TenantId) -> Vec<Record> {
    let tx = test.app.audit.system().await.unwrap();
    audit::span(&tx, tenant, (0, i64::MAX), 10_000).await.unwrap()
}

/// A tenant's whole export.
async fn export(test: &TestApp, tenant: TenantId) -> Vec<u8> {
    let owner = test.ctx(tenant, Role::Owner);
    let (mut export, mut text) = test.app.audit.begin_export(&owner, tenant, (None, None)).await.unwrap();
    while let Some(part) = export.next(&owner).await.unwrap() {
        text.extend(part);
    }
    text
}

fn check(file: &[u8], keys: Option<&Keyring>) -> Result<Verified, Broken> {
    check_with(file, &keys.map_or(Trust::OfTheFile, |keys| Trust::Keys(keys.clone())))
}

fn check_with(file: &[u8], trust: &Trust) -> Result<Verified, Broken> {
    match verify(file, trust).unwrap() {
        Verify::Good(verified) => Ok(verified),
        Verify::Broken(broken) => Err(broken),
    }
}

fn lines(file: &[u8]) -> Vec<Vec<u8>> {
    file.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect()
}

/// The places of the lines that are records.
fn of_records(lines: &[Vec<u8>]) -> Vec<usize> {
    (0..lines.len()).filter(|n| lines[*n].starts_with(b"{\"record\":")).collect()
}

/// Six records, a checkpoint behind the third, and the export's own record.
async fn exported() -> (TestApp, TenantId, Vec<u8>) {
    let test = TestApp::new().await;
    let tenant = test.world.tenant("acme").await;
    for number in 1..=6 {
        append(&test, tenant, number).await;
        if number == 3 {
            assert!(test.app.audit.sign(tenant).await.unwrap());
        }
    }
    let file = export(&test, tenant).await;
    (test, tenant, file)
}

#[tokio::test]
async fn an_export_is_good_with_its_own_keys_and_with_published_ones_and_with_no_others() {
    let (test, tenant, file) = exported().await;
    let good = check(&file, None).unwrap();
    assert_eq!((good.tenant, good.records, good.checkpoints), (tenant, Some((1, 7)), 1));
    let keys = test.app.audit.public_keys().await.unwrap();
    assert_eq!(good.key_ids, [keys[0].key_id.clone()]);
    let published = Keyring::parse(&jwks(&keys).to_string()).unwrap();
    assert_eq!(check(&file, Some(&published)), Ok(good.clone()));
    let one = Keyring::parse(&pem(&keys[0].public_key).unwrap()).unwrap();
    assert_eq!(check(&file, Some(&one)), Ok(good));
    let strange = Keyring::parse(&pem("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap()).unwrap();
    assert_eq!(check(&file, Some(&strange)).unwrap_err().seq, Some(3), "the first thing that is signed");
    let pinned = |id: &str| check_with(&file, &Trust::Fingerprints(vec![id.to_owned()]));
    assert!(pinned(&keys[0].key_id).is_ok());
    let strange = pinned("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k").unwrap_err();
    assert!(strange.reason.contains("not signed by a known key"), "{strange}");
    assert!(Keyring::parse("no key").is_none() && Keyring::parse(r#"{"keys":[]}"#).is_none());
}

#[tokio::test]
async fn whatever_is_done_to_the_file_the_first_bad_record_is_named() {
    let (_test, _tenant, file) = exported().await;
    let whole = lines(&file);
    let places = of_records(&whole);
    assert_eq!(places.len(), 7);
    let broken = |lines: &[Vec<u8>]| check(&lines.concat(), None).unwrap_err();
    for (n, place) in places.iter().enumerate() {
        let seq = n as i64 + 1;
        // Dropped: where it is the last, the signed end tells.
        let mut without = whole.clone();
        without.remove(*place);
        // A checkpoint behind it tells first.
        let wanted = if seq == 3 { [Some(2), Some(3)] } else { [Some(seq); 2] };
        assert!(wanted.contains(&broken(&without).seq), "{seq}: {}", broken(&without));
        // Twice, and inserted at another place.
        let mut twice = whole.clone();
        twice.insert(*place, whole[*place].clone());
        assert_eq!(broken(&twice).seq, Some(seq + 1));
        if let Some(next) = places.get(n + 1) {
            let mut swapped = whole.clone();
            swapped.swap(*place, *next);
            assert_eq!(broken(&swapped).seq, Some(seq));
        }
        // Cut after it, and in it.
        let cut = whole[..=*place].to_vec();
        assert_eq!(broken(&cut).seq, Some(seq + 1));
        let mut within = whole[..=*place].concat();
        within.truncate(within.len() - 5);
        assert_eq!(check(&within, None).unwrap_err().seq, Some(seq));
    }
    // The tail is cut off in front of the end; the head behind the header.
    let mut short = whole.clone();
    short.drain(places[5]..=places[6]);
    assert_eq!(broken(&short).seq, Some(6));
    let mut late = whole.clone();
    late.drain(places[0]..=places[1]);
    assert_eq!(broken(&late).seq, Some(1));
    let mut more = whole.clone();
    more.push(b"\n".to_vec());
    assert!(broken(&more).reason.contains("after the end"));
    assert!(check(b"", None).is_err() && check(b"{}\n", None).is_err());
}

/// Whoever changes a record and makes its hash anew, and those of all that follow: the signatures do not fit.
#[tokio::test]
async fn a_chain_that_was_made_anew_does_not_fit_what_was_signed() {
    let (_test, _tenant, file) = exported().await;
    let (whole, mut forged, mut last) = (lines(&file), Vec::new(), None::<String>);
    for line in &whole {
        let mut value: serde_json::Value = serde_json::from_slice(line).unwrap();
        let Some(record) = value.get_mut("record") else {
            forged.push(line.clone());
            continue;
        };
        let mut record: Record = serde_json::from_value(record.take()).unwrap();
        if record.seq == 2 {
            record.actor = "somebody else".to_owned();
        }
        if let Some(last) = last {
            record.prev_hash = last;
        }
        record.hash = record.digest().unwrap();
        last = Some(record.hash.clone());
        let mut text = Vec::new();
        super::lines::Line::Record(Box::new(record)).write(&mut text).unwrap();
        forged.push(text);
    }
    let broken = check(&forged.concat(), None).unwrap_err();
    assert_eq!(broken.seq, Some(3), "the first that was signed: {broken}");
    // Without the checkpoint the end is what does not fit.
    forged.retain(|line| !line.starts_with(b"{\"checkpoint\":"));
    assert_eq!(check(&forged.concat(), None).unwrap_err().seq, Some(7));
    // A file that begins later, with a header to match: the end says what there was.
    let places = of_records(&whole);
    let mut header: serde_json::Value = serde_json::from_slice(&whole[0]).unwrap();
    let first: serde_json::Value = serde_json::from_slice(&whole[places[0]]).unwrap();
    header["header"]["anchor"]["seq"] = 1.into();
    header["header"]["anchor"]["hash"] = first["record"]["hash"].clone();
    let header: super::lines::Line = serde_json::from_value(header).unwrap();
    let mut late = whole.clone();
    late[0].clear();
    header.write(&mut late[0]).unwrap();
    late.remove(places[0]);
    let broken = check(&late.concat(), None).unwrap_err();
    assert_eq!((broken.seq, broken.reason.contains("begins later")), (Some(1), true), "{broken}");
}

/// Every byte of every record, each changed to any other: the verifier names that record.
#[tokio::test]
async fn any_other_byte_anywhere_in_a_record_names_it() {
    let (_test, _tenant, file) = exported().await;
    let whole = lines(&file);
    let places = of_records(&whole);
    for (n, place) in places.iter().enumerate() {
        for at in 0..whole[*place].len() {
            // Of each byte a neighbour (a digit becomes another, a letter changes its case) and one that is not JSON's.
            for flip in [0x01, 0x20, 0x80] {
                let mut changed = whole.clone();
                changed[*place][at] ^= flip;
                let broken = check(&changed.concat(), None).expect_err("a change that nobody saw");
                assert_eq!(broken.seq, Some(n as i64 + 1), "byte {at} ^ {flip:#x}: {broken}");
            }
        }
    }
    let strategy = (0..places.len(), any::<prop::sample::Index>(), 1..=255_u8);
    let mut runner =
        proptest::test_runner::TestRunner::new(ProptestConfig { cases: 2_000, ..Default::default() });
    runner
        .run(&strategy, |(n, at, flip)| {
            let mut changed = whole.clone();
            let line = &mut changed[places[n]];
            let at = at.index(line.len());
            line[at] ^= flip;
            let broken = check(&changed.concat(), None);
            prop_assert_eq!(broken.map_err(|b| b.seq), Err(Some(n as i64 + 1)));
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn a_checkpoint_an_end_or_a_header_that_was_changed_is_seen_too() {
    let (_test, _tenant, file) = exported().await;
    let whole = lines(&file);
    for (place, line) in whole.iter().enumerate().filter(|(n, _)| !of_records(&whole).contains(n)) {
        for at in 0..line.len() {
            let mut changed = whole.clone();
            changed[place][at] ^= 0x01;
            assert!(check(&changed.concat(), None).is_err(), "line {place} byte {at}");
        }
    }
}

#[tokio::test]
async fn a_chain_that_was_tampered_with_is_not_signed() {
    let test = TestApp::new().await;
    let tenant = test.world.tenant("acme").await;
    for number in 1..=4 {
        append(&test, tenant, number).await;
    }
    assert!(test.app.audit.sign(tenant).await.unwrap());
    append(&test, tenant, 5).await;
    append(&test, tenant, 6).await;
    let sql = "UPDATE platform.audit SET actor = 'nobody' WHERE tenant_id = $1 AND seq = 5";
    sqlx::query(sql).bind(tenant.uuid()).execute(&mut test.world.superuser().await).await.unwrap();
    assert!(!test.app.audit.sign(tenant).await.unwrap());
    let tx = test.app.audit.system().await.unwrap();
    assert_eq!(checkpoints::last(&tx, tenant).await.unwrap().unwrap().seq, 4, "what was signed before stays");
}

#[tokio::test]
async fn chains_are_signed_when_they_are_due_with_the_key_of_the_time_and_old_keys_are_still_published() {
    let clock = Arc::new(ManualClock::new(now()));
    let test = TestApp::at(clock.clone()).await;
    let tenant = test.world.tenant("acme").await;
    append(&test, tenant, 1).await;
    assert_eq!(test.app.audit.sign_due().await.unwrap(), 0, "it is only a moment old");
    clock.advance(TimeDelta::minutes(15));
    assert_eq!(test.app.audit.sign_due().await.unwrap(), 1);
    assert_eq!(test.app.audit.sign_due().await.unwrap(), 0);
    // Another start, with another key.
    let audit = test.audit_with_another_key().await;
    append(&test, tenant, 2).await;
    clock.advance(TimeDelta::minutes(15));
    assert_eq!(audit.sign_due().await.unwrap(), 1);
    assert_eq!(audit.public_keys().await.unwrap().len(), 2);
    let file = export(&test, tenant).await;
    let verified = check(&file, None).unwrap();
    assert_eq!((verified.checkpoints, verified.key_ids.len()), (2, 2));
}

/// Who can write to the database exchanges keys, or writes a chain of their own with a checkpoint by a key of their own.
#[tokio::test]
async fn keys_and_checkpoints_that_somebody_wrote_into_the_database_are_noticed() {
    let test = TestApp::new().await;
    let tenant = test.world.tenant("acme").await;
    append(&test, tenant, 1).await;
    assert!(test.app.audit.sign(tenant).await.unwrap());
    append(&test, tenant, 2).await;
    let mut superuser = test.world.superuser().await;
    let forge = async |sql: &str, superuser: &mut sqlx::PgConnection| {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(superuser).await.unwrap();
    };
    let signature: String = sqlx::query_scalar("SELECT signature FROM platform.audit_checkpoints")
        .fetch_one(&mut superuser)
        .await
        .unwrap();
    let forged = format!(
        "UPDATE platform.audit_checkpoints SET signature = '{}'",
        signature.replace(&signature[..4], "AAAA")
    );
    forge(&forged, &mut superuser).await;
    assert!(!test.app.audit.sign(tenant).await.unwrap(), "not on top of what nobody has signed");
    forge(&format!("UPDATE platform.audit_checkpoints SET signature = '{signature}'"), &mut superuser).await;
    // The key of RFC 8037 under the name of ours. What was signed with ours is checked with the one that is held.
    let exchange =
        "UPDATE platform.audit_keys SET public_key = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'";
    forge(exchange, &mut superuser).await;
    assert!(test.app.audit.sign(tenant).await.unwrap());
    let refused = test.audit_of_another_start().await.err().unwrap();
    assert!(format!("{refused:?}").contains("is not the audit trail's signing key"), "{refused:?}");
    let file = export(&test, tenant).await;
    assert!(check(&file, None).unwrap_err().reason.contains("not what its name says"));
}

#[tokio::test]
async fn a_pruned_trail_says_so_and_its_export_is_good_from_its_anchor_on() {
    let test = TestApp::new().await;
    let tenant = test.world.tenant("acme").await;
    for (number, age) in [(1, 500), (2, 450), (3, 1), (4, 0)] {
        append_at(&test, tenant, (number, test.now() - TimeDelta::days(age))).await;
        if number == 2 {
            test.app.audit.sign(tenant).await.unwrap();
            let sql = "UPDATE platform.audit_checkpoints SET at = at - interval '450 days'";
            // As if it had been made then: moved, so its signature is no longer good.
            sqlx::query(sql).execute(&mut test.world.superuser().await).await.unwrap();
        }
    }
    assert_eq!(
        test.app.audit.prune_due().await.unwrap(),
        0,
        "not on the word of a checkpoint that nobody signed"
    );
    assert_eq!(records(&test, tenant).await.len(), 4);
    let head = records(&test, tenant).await[1].clone();
    let then = test.now() - TimeDelta::days(450);
    let signed = test.app.audit.config().signer.checkpoint(tenant, (2, head.hash), then);
    sqlx::query("UPDATE platform.audit_checkpoints SET at = $1, signature = $2")
        .bind(signed.at)
        .bind(&signed.signature)
        .execute(&mut test.world.superuser().await)
        .await
        .unwrap();
    assert_eq!(test.app.audit.prune_due().await.unwrap(), 1);
    let kept = records(&test, tenant).await;
    assert_eq!(kept.iter().map(|r| r.seq).collect::<Vec<_>>(), [3, 4, 5]);
    assert_eq!((kept[2].action.as_str(), &kept[2].details["last"]), ("audit.prune", &2.into()));
    let file = export(&test, tenant).await;
    let verified = check(&file, None).unwrap();
    assert_eq!(verified.records, Some((3, 6)));
    let header: serde_json::Value = serde_json::from_slice(&lines(&file)[0]).unwrap();
    assert_eq!(header["header"]["anchor"]["checkpoint"]["seq"], 2);
    // Without its first record the rest is not whole.
    let mut late = lines(&file);
    late.remove(1);
    assert_eq!(check(&late.concat(), None).unwrap_err().seq, Some(3));
}

async fn denied(test: &TestApp, tenant: TenantId) -> Vec<Record> {
    let all = records(test, tenant).await;
    all.into_iter().filter(|r| r.action == "access.denied").collect()
}

#[tokio::test]
async fn what_is_refused_is_written_once_a_minute_a_member_and_once_an_hour_for_all_strangers() {
    let clock = Arc::new(ManualClock::new(now()));
    let test = TestApp::at(clock.clone()).await;
    let tenant = test.world.tenant("acme").await;
    let viewer = test.ctx(tenant, Role::Viewer);
    let create = Resource::new(ResourceKind::Instance, tenant);
    for _ in 0..50 {
        assert_eq!(viewer.permit(Action::Create, &create).unwrap_err().kind(), Kind::Forbidden);
    }
    assert!(viewer.permit(Action::View, &Resource::new(ResourceKind::Audit, tenant)).is_err());
    assert!(viewer.permit(Action::View, &create).is_ok(), "what is allowed is no denial");
    let nowhere = test.world.tenant_id();
    for _ in 0..30 {
        let stranger = test.stranger();
        assert_eq!(stranger.permit(Action::View, &create).unwrap_err().kind(), Kind::NotFound);
        let _ = stranger.permit(Action::View, &Resource::new(ResourceKind::Instance, nowhere));
    }
    assert_eq!(test.app.audit.write_denials(false).await.unwrap(), 0, "their minute is not over");
    clock.advance(TimeDelta::minutes(1));
    assert_eq!(test.app.audit.write_denials(false).await.unwrap(), 2);
    let written = denied(&test, tenant).await;
    assert_eq!(written.len(), 2);
    let run = written.iter().find(|r| r.details["right"] == "instance:create").unwrap();
    assert_eq!((run.result.as_str(), run.actor.clone()), ("denied", viewer.actor().label()));
    assert_eq!((&run.details["attempts"], &run.details["visible"]), (&50.into(), &true.into()));
    let hidden = written.iter().find(|r| r.details["right"] == "audit:view").unwrap();
    assert_eq!(hidden.details["visible"], false);

    clock.advance(TimeDelta::hours(1));
    assert_eq!(test.app.audit.write_denials(false).await.unwrap(), 2, "one of them for no tenant at all");
    let written = denied(&test, tenant).await;
    assert_eq!(written.len(), 3, "thirty strangers are one record");
    let strangers = &written[2];
    assert_eq!((strangers.actor.as_str(), &strangers.details["attempts"]), ("several", &30.into()));
    assert_eq!(strangers.details["actors"].as_array().unwrap().len(), 10);
    assert_eq!(strangers.details["moreActors"], true);
    assert!(records(&test, nowhere).await.is_empty());
    assert_eq!(audit::first_break(&records(&test, tenant).await).unwrap(), None);
}

#[tokio::test]
async fn at_the_end_everything_is_written_and_a_flood_takes_no_more_than_its_room() {
    let test = TestApp::new().await;
    let tenant = test.world.tenant("acme").await;
    let viewer = test.ctx(tenant, Role::Viewer);
    assert!(viewer.permit(Action::Delete, &Resource::new(ResourceKind::Instance, tenant)).is_err());
    let stranger = test.stranger();
    for _ in 0..5_000 {
        let made_up = Resource::new(ResourceKind::Instance, test.world.tenant_id());
        assert!(stranger.permit(Action::View, &made_up).is_err());
    }
    let written = test.app.audit.write_denials(true).await.unwrap();
    assert_eq!(written, 2_048 + 1, "the member's is not crowded out");
    assert_eq!(denied(&test, tenant).await.len(), 1);
    assert_eq!(test.app.audit.write_denials(true).await.unwrap(), 0);
}

/// Somebody tries made-up organisations until the table is full; then others are refused for the first time.
#[tokio::test]
async fn who_floods_pushes_out_nobody_else() {
    let test = TestApp::new().await;
    let flooder = test.stranger();
    let flood = |times: usize| {
        for _ in 0..times {
            let made_up = Resource::new(ResourceKind::Instance, test.world.tenant_id());
            assert!(flooder.permit(Action::View, &made_up).is_err());
        }
    };
    flood(3_000);
    let mut tried = Vec::new();
    for slug in ["a", "b", "c", "d", "e"] {
        let tenant = test.world.tenant(slug).await;
        let instance = Resource::new(ResourceKind::Instance, tenant);
        assert!(test.stranger().permit(Action::View, &instance).is_err());
        tried.push(tenant);
        flood(500);
    }
    test.app.audit.write_denials(true).await.unwrap();
    for tenant in tried {
        assert_eq!(denied(&test, tenant).await.len(), 1);
    }
}

#[tokio::test]
async fn the_platforms_own_trail_is_for_its_auditors_and_signed_like_the_others() {
    let clock = Arc::new(ManualClock::new(now()));
    let test = TestApp::at(clock.clone()).await;
    let tenant = test.world.tenant("acme").await;
    append(&test, PLATFORM, 1).await;
    append(&test, tenant, 2).await;
    let audit = &test.app.audit;
    let page = PageRequest::new(None, None);
    for role in [PlatformRole::Admin, PlatformRole::Auditor] {
        let seen = audit.platform_page(&test.world.staff(role), &Filter::default(), &page).await.unwrap();
        assert_eq!(seen.rows.iter().map(|r| r.tenant).collect::<Vec<_>>(), [PLATFORM]);
    }
    for (ctx, kind) in [
        (test.world.staff(PlatformRole::Support), Kind::Forbidden),
        (test.world.staff(PlatformRole::Finance), Kind::Forbidden),
        (test.ctx(tenant, Role::Owner), Kind::NotFound),
    ] {
        let refused = audit.platform_page(&ctx, &Filter::default(), &page).await.unwrap_err();
        assert_eq!(refused.kind(), kind);
    }
    clock.advance(TimeDelta::hours(1));
    assert_eq!(audit.sign_due().await.unwrap(), 2);
    let staff = test.world.staff(PlatformRole::Admin);
    assert_eq!(
        audit.page(&staff, tenant, &Filter::default(), &page).await.unwrap_err().kind(),
        Kind::NotFound
    );
}
