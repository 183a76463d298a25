//! The gate as its callers see it.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::sync::Arc;

use chrono::TimeDelta;
use proptest::prelude::*;
use tenantry_authz::*;
use tenantry_kernel::{ApiKeyId, Clock, Kind, OsEntropy, RoleId, SessionId, SystemClock, TenantId, UserId};

async fn ctx(grants: Vec<Grant>, platform_role: Option<PlatformRole>) -> Ctx {
    let runtime = Runtime {
        gate: Arc::new(Gate::built_in().await.unwrap()),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(OsEntropy),
        denials: None,
    };
    let actor = Actor::User {
        id: UserId::generate(&SystemClock, &OsEntropy),
        session: SessionId::generate(&SystemClock, &OsEntropy),
        platform_role,
    };
    Ctx::new(runtime, actor, grants, Origin::default()).with_assurance(Assurance::proved(SystemClock.now()))
}

fn tenant() -> TenantId {
    TenantId::generate(&SystemClock, &OsEntropy)
}

#[tokio::test]
async fn roles_reach_only_their_own_tenant() {
    let (mine, other) = (tenant(), tenant());
    for role in Role::ALL {
        let ctx = ctx(vec![Grant::new(mine, *role)], None).await;
        assert!(ctx.permit(Action::View, &Resource::new(ResourceKind::Tenant, mine)).is_ok(), "{role}");
        for kind in ResourceKind::ALL {
            for action in Action::ALL {
                let denied = ctx.permit(*action, &Resource::new(*kind, other)).unwrap_err();
                assert_eq!(denied.kind(), Kind::NotFound, "{role} {action} {kind} of another tenant");
            }
        }
    }
}

#[tokio::test]
async fn visible_but_not_allowed_is_forbidden_and_says_who_is() {
    let mine = tenant();
    let ctx = ctx(vec![Grant::new(mine, Role::Viewer)], None).await;
    let denied = ctx.permit(Action::Delete, &Resource::new(ResourceKind::Instance, mine)).unwrap_err();
    assert_eq!(denied.kind(), Kind::Forbidden);
    assert_eq!(denied.remedy(), "Ask for one of these roles: owner, admin.");
    let hidden = ctx.permit(Action::View, &Resource::new(ResourceKind::Invoice, mine)).unwrap_err();
    assert_eq!(hidden.kind(), Kind::NotFound);
}

#[tokio::test]
async fn platform_roles_give_nothing_inside_a_tenant_and_members_nothing_on_the_platform() {
    let operator = ctx(vec![], Some(PlatformRole::Admin)).await;
    assert!(operator.permit_platform(Action::View, PlatformResource::Fleet).is_ok());
    let denied = operator.permit(Action::View, &Resource::new(ResourceKind::Instance, tenant())).unwrap_err();
    assert_eq!(denied.kind(), Kind::NotFound);

    let finance = ctx(vec![], Some(PlatformRole::Finance)).await;
    let denied = finance.permit_platform(Action::Operate, PlatformResource::Fleet).unwrap_err();
    assert_eq!(denied.kind(), Kind::Forbidden);

    let owner = ctx(vec![Grant::new(tenant(), Role::Owner)], None).await;
    let denied = owner.permit_platform(Action::View, PlatformResource::Fleet).unwrap_err();
    assert_eq!(denied.kind(), Kind::NotFound);
}

#[tokio::test]
async fn rights_are_those_that_the_gate_would_permit() {
    let mine = tenant();
    for role in Role::ALL {
        let ctx = ctx(vec![Grant::new(mine, *role)], None).await;
        let rights = ctx.rights_in(mine);
        for kind in ResourceKind::ALL {
            for action in Action::ALL {
                let permitted = ctx.permit(*action, &Resource::new(*kind, mine)).is_ok();
                assert_eq!(rights.contains(&format!("{kind}:{action}")), permitted, "{role} {kind}:{action}");
            }
        }
        assert_eq!(ctx.rights_in(tenant()), Vec::<String>::new(), "{role} elsewhere");
        let gone = ctx.with_grants(vec![]);
        assert_eq!(gone.rights_in(mine), Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_destroys_or_outlives_the_session_needs_a_fresh_proof() {
    let mine = tenant();
    let owner = ctx(vec![Grant::new(mine, Role::Owner)], None).await;
    let now = owner.now();
    let at = |ago: i64| Assurance::proved(now - TimeDelta::seconds(ago));
    let needs: Vec<String> =
        Right::all().filter(|right| right.needs_proof()).map(|right| right.to_string()).collect();
    assert_eq!(
        needs,
        [
            "tenant:delete",
            "tenant:manage",
            "instance:delete",
            "subscription:manage",
            "api-key:manage",
            "service-account:manage",
            "sso:manage",
            "provisioning:manage"
        ]
    );
    // The clock goes on while this runs.
    for (assurance, fresh) in
        [(at(0), true), (at(290), true), (at(301), false), (at(-60), false), (Assurance::default(), false)]
    {
        let ctx = owner.clone().with_assurance(assurance.clone());
        assert_eq!(ctx.ensure_proof().is_ok(), fresh, "{assurance:?}");
        for right in Right::all() {
            let resource = Resource::new(right.kind, mine);
            let asked = ctx.permit(right.action, &resource).map(drop);
            if fresh || !right.needs_proof() {
                assert!(asked.is_ok(), "{right} {assurance:?}");
            } else {
                let asked = asked.unwrap_err();
                assert_eq!((asked.kind(), asked.code()), (Kind::Forbidden, STEP_UP_REQUIRED), "{right}");
            }
            assert!(ctx.may(right.action, &resource), "{right} is shown: a proof away");
        }
        // Who may not do it is told so, and not asked for a proof.
        let viewer = ctx.with_grants(vec![Grant::new(mine, Role::Viewer)]);
        let denied = viewer.permit(Action::Delete, &Resource::new(ResourceKind::Instance, mine)).unwrap_err();
        assert_eq!(denied.code(), "FORBIDDEN");
        let hidden = viewer.permit(Action::Manage, &Resource::new(ResourceKind::ApiKey, mine)).unwrap_err();
        assert_eq!(hidden.kind(), Kind::NotFound);
    }
}

#[tokio::test]
async fn a_tenant_that_demands_a_second_factor_is_closed_to_who_lacks_one_and_others_are_not() {
    let (demanding, other) = (tenant(), tenant());
    let grants = vec![Grant::new(demanding, Role::Owner), Grant::new(other, Role::Owner)];
    let assurance = Assurance { lacking: vec![demanding].into(), ..Assurance::proved(SystemClock.now()) };
    let ctx = ctx(grants, None).await.with_assurance(assurance);
    for right in Right::all() {
        let refused = ctx.permit(right.action, &Resource::new(right.kind, demanding)).unwrap_err();
        assert_eq!((refused.kind(), refused.code()), (Kind::Forbidden, MFA_REQUIRED), "{right}");
        assert!(!ctx.may(right.action, &Resource::new(right.kind, demanding)));
        assert!(ctx.permit(right.action, &Resource::new(right.kind, other)).is_ok(), "{right}");
    }
    let stranger = ctx.with_grants(vec![]);
    let hidden = stranger.permit(Action::View, &Resource::new(ResourceKind::Tenant, demanding)).unwrap_err();
    assert_eq!(hidden.kind(), Kind::NotFound, "whoever is not in it learns nothing");
}

fn role(rights: Vec<Right>) -> CustomRole {
    CustomRole { id: RoleId::generate(&SystemClock, &OsEntropy), name: "Deployers".to_owned(), rights }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// A role of a tenant's own allows what it includes and nothing else, however often it is asked, and in that
    /// tenant alone.
    #[test]
    fn a_role_of_a_tenants_own_allows_what_it_includes(
        chosen in proptest::collection::vec(any::<bool>(), Right::all().count())
    ) {
        let included: Vec<Right> = Right::all().zip(chosen).filter_map(|(r, yes)| yes.then_some(r)).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (mine, other) = (tenant(), tenant());
            let (role, another) = (role(included.clone()), role(Right::all().collect()));
            let id = role.id;
            let policy = Arc::new(CustomPolicy::new(mine, 7, vec![another, role]));
            let ctx = ctx(vec![Grant::new(mine, HeldRole::Custom { id, policy: policy.clone() })], None).await;
            for round in 0..3 {
                if round == 2 {
                    policy.forget_decisions();
                }
                for kind in ResourceKind::ALL {
                    for action in Action::ALL {
                        let right = Right::new(*kind, *action);
                        let wanted = included.contains(&right) || right == Right::SEE_TENANT;
                        assert_eq!(ctx.may(*action, &Resource::new(*kind, mine)), wanted, "{right}");
                        assert!(!ctx.may(*action, &Resource::new(*kind, other)), "{right} elsewhere");
                        let rule = ctx.explain(right, mine).rule;
                        assert_eq!(rule, wanted.then(|| format!("p, {id}, {kind}, {action}")));
                    }
                }
            }
        });
    }
}

#[tokio::test]
async fn the_policy_of_another_tenant_or_without_the_role_allows_nothing() {
    let (mine, other) = (tenant(), tenant());
    let all = role(Right::all().collect());
    let id = all.id;
    let theirs = Arc::new(CustomPolicy::new(other, 1, vec![all]));
    let without = Arc::new(CustomPolicy::new(mine, 1, vec![]));
    for policy in [theirs, without] {
        let ctx = ctx(vec![Grant::new(mine, HeldRole::Custom { id, policy })], None).await;
        assert_eq!(ctx.rights(mine).count(), 0);
        assert_eq!(ctx.rights(other).count(), 0);
        let denied = ctx.permit(Action::View, &Resource::new(ResourceKind::Tenant, mine)).unwrap_err();
        assert_eq!(denied.kind(), Kind::NotFound);
    }
}

#[tokio::test]
async fn a_role_in_one_of_very_many_tenants_is_found_whatever_the_order_of_the_grants() {
    let tenants: Vec<TenantId> = (0..2_000).map(|_| tenant()).collect();
    let mut grants: Vec<Grant> = tenants.iter().map(|t| Grant::new(*t, Role::Viewer)).collect();
    let both = tenants[777];
    grants.push(Grant::new(both, Role::Billing));
    grants.reverse();
    let ctx = ctx(grants, None).await;
    for tenant in &tenants {
        assert!(ctx.may(Action::View, &Resource::new(ResourceKind::Instance, *tenant)));
        assert_eq!(
            ctx.may(Action::Manage, &Resource::new(ResourceKind::Subscription, *tenant)),
            *tenant == both
        );
    }
    assert_eq!(ctx.held_in(both).len(), 2);
    assert!(ctx.held_in(tenant()).is_empty());
}

#[tokio::test]
async fn a_credential_does_what_its_scopes_and_its_makers_role_both_allow_and_says_which_lacks() {
    let mine = tenant();
    let developer = ctx(vec![Grant::new(mine, Role::Developer)], None).await;
    let scopes: Arc<[Right]> =
        ["instance:view", "instance:operate", "tenant:delete"].map(|r| r.parse().unwrap()).into();
    let key = Actor::ApiKey {
        id: ApiKeyId::generate(&SystemClock, &OsEntropy),
        tenant: mine,
        maker: developer.user().unwrap(),
        scopes,
    };
    let key = Ctx::new(developer.runtime().clone(), key, developer.grants().to_vec(), Origin::default());
    assert!(key.may(Action::Operate, &Resource::new(ResourceKind::Instance, mine)));
    assert_eq!(key.rights_in(mine), ["instance:view", "instance:operate"]);

    let out_of_scope = key.permit(Action::Create, &Resource::new(ResourceKind::Instance, mine)).unwrap_err();
    assert_eq!(out_of_scope.kind(), Kind::Forbidden);
    assert_eq!(out_of_scope.access().unwrap().missing, "instance:create");
    assert!(out_of_scope.message().contains("scopes"), "{out_of_scope}");
    let explained = key.explain("instance:create".parse().unwrap(), mine);
    assert!(explained.out_of_scope && !explained.allowed);
    assert_eq!(explained.rule.as_deref(), Some("p, developer, instance, create"), "the role would");

    let above = key.permit(Action::Delete, &Resource::new(ResourceKind::Tenant, mine)).unwrap_err();
    assert_eq!(above.access().unwrap().granted_by, ["owner"]);
    let explained = key.explain("tenant:delete".parse().unwrap(), mine);
    assert!(!explained.out_of_scope && !explained.allowed && explained.rule.is_none());
}

#[tokio::test]
async fn an_explanation_says_what_a_permit_says() {
    let mine = tenant();
    for role in Role::ALL {
        let ctx = ctx(vec![Grant::new(mine, *role)], None).await;
        for kind in ResourceKind::ALL {
            for action in Action::ALL {
                let right = Right::new(*kind, *action);
                let explained = ctx.explain(right, mine);
                let permit = ctx.permit(*action, &Resource::new(*kind, mine));
                assert_eq!(explained.allowed, permit.is_ok(), "{role} {right}");
                let rule = format!("p, {role}, {kind}, {action}");
                assert_eq!(explained.rule, permit.is_ok().then_some(rule));
                if let Err(denied) = permit {
                    assert_eq!(denied.kind() == Kind::Forbidden, explained.visible);
                    assert_eq!(
                        denied.access().map(|a| &a.granted_by),
                        explained.visible.then_some(&explained.granted_by)
                    );
                }
            }
        }
    }
}
