//! Domains are proven by a record that only their owner can publish.

use std::sync::Arc;

use tenantry_identity::*;
use tenantry_kernel::*;

use crate::name_server::NameServer;
use crate::sso_world::*;
use crate::world::*;

#[tokio::test]
async fn a_domain_is_proven_by_its_record_and_by_one_tenant_alone() {
    let world = World::new().await;
    let server = NameServer::start().await;
    let identity = asking(&world, Arc::new(DnsTxt::of(&[server.address]).unwrap()));
    let (owner, tenant) = tenant(&world, "owner@acme.example").await;

    let domain = identity.add_domain(&owner, tenant, "Acme.Example").await.unwrap();
    assert_eq!(
        (domain.name.as_str(), domain.host().as_str()),
        ("acme.example", "_tenantry-challenge.acme.example")
    );
    assert_eq!(identity.add_domain(&owner, tenant, "acme.example.").await.unwrap(), domain, "the same again");

    let look = async |who, whose| identity.check_domain(who, whose, "acme.example").await;
    assert!(look(&owner, tenant).await.unwrap().verified_at.is_none(), "no such name");
    server.publish(&domain.host(), &["v=spf1 -all", "tenantry-verify=0"]);
    assert!(look(&owner, tenant).await.unwrap().verified_at.is_none(), "other records");
    server.publish("acme.example", &[&domain.record]);
    assert!(look(&owner, tenant).await.unwrap().verified_at.is_none(), "at another name");
    server.publish(&domain.host(), &["v=spf1 -all", &domain.record]);
    let proven = look(&owner, tenant).await.unwrap().verified_at.expect("proven");
    assert_eq!(proven, world.clock.now());

    // Once proven it stays so, and another tenant's own record does not take it.
    let (other, theirs) = crate::sso_world::tenant(&world, "owner@other.example").await;
    let claimed = identity.add_domain(&other, theirs, "acme.example").await.unwrap();
    assert_ne!(claimed.record, domain.record, "each tenant has a record of its own");
    assert!(
        look(&other, theirs).await.unwrap().verified_at.is_none(),
        "another tenant's record proves nothing"
    );
    server.publish(&domain.host(), &[&claimed.record]);
    assert_eq!(look(&other, theirs).await.unwrap_err().kind(), Kind::Conflict);
    assert_eq!(look(&owner, tenant).await.unwrap().verified_at, Some(proven));

    identity.remove_domain(&owner, tenant, "acme.example").await.unwrap();
    assert!(look(&other, theirs).await.unwrap().verified_at.is_some(), "given up, it can be another's");
    assert_eq!(look(&owner, tenant).await.unwrap_err().kind(), Kind::NotFound);
    assert!(identity.domains(&owner, tenant).await.unwrap().is_empty());
}

#[tokio::test]
async fn name_servers_that_do_not_answer_prove_nothing() {
    let world = World::new().await;
    // Bound, and nobody reads from it.
    let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let identity = asking(&world, Arc::new(DnsTxt::of(&[silent.local_addr().unwrap()]).unwrap()));
    let (owner, tenant) = tenant(&world, "owner@acme.example").await;
    identity.add_domain(&owner, tenant, "acme.example").await.unwrap();
    let error = identity.check_domain(&owner, tenant, "acme.example").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    let domains = identity.domains(&owner, tenant).await.unwrap();
    assert!(domains[0].verified_at.is_none() && domains[0].checked_at.is_none());
}

#[tokio::test]
async fn the_last_domain_of_enforced_single_sign_on_stays() {
    let sso = Sso::ready().await;
    sso.enforce(false).await.unwrap();
    let remove = async |name| sso.world.identity.remove_domain(&sso.owner, sso.tenant, name).await;
    assert_eq!(remove("acme.example").await.unwrap_err().kind(), Kind::Conflict);
    sso.own("acme.test").await;
    remove("acme.example").await.unwrap();
    assert_eq!(remove("acme.test").await.unwrap_err().kind(), Kind::Conflict);
    remove("never.example").await.unwrap();
}
