//! Mutations on many things at once, each with an outcome of its own.
//!
//! Every item is a transaction by itself: what one item says is so, whatever becomes of the others. Whether the
//! organisation is there for the viewer at all is decided once, for the whole call.

use std::collections::HashMap;
use std::hash::Hash;

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use tenantry_identity::InviteMember;
use tenantry_kernel::{Error, InstanceId, Kind, RequestId, TenantId};
use tenantry_provisioner::instances;

use super::MAX_ITEMS;
use super::error::{Answer, Problem, parse_id, request_of};
use super::members::Invitation;
use super::roles::assigned;
use super::types::{Instance, MemberRole};
use crate::app::App;

#[derive(InputObject)]
struct InstancesInput {
    tenant_id: ID,
    /// 1 to 50 instances.
    ids: Vec<ID>,
}

#[derive(InputObject)]
struct InviteeInput {
    email: String,
    role: MemberRole,
    /// With the role CUSTOM: which.
    custom_role_id: Option<ID>,
}

#[derive(InputObject)]
struct InviteMembersInput {
    tenant_id: ID,
    /// 1 to 50 people.
    people: Vec<InviteeInput>,
}

/// What became of one instance.
#[derive(SimpleObject)]
struct InstanceOutcome {
    /// The item's place in the input, from 0.
    index: i32,
    id: ID,
    instance: Option<Instance>,
    problem: Option<Problem>,
}

#[derive(SimpleObject)]
struct InstancesPayload {
    /// One for each item, in the order of the input.
    outcomes: Vec<InstanceOutcome>,
    /// Why nothing was tried at all.
    problem: Option<Problem>,
}

/// What became of one person's invitation.
#[derive(SimpleObject)]
struct InvitationOutcome {
    /// The item's place in the input, from 0.
    index: i32,
    email: String,
    invitation: Option<Invitation>,
    problem: Option<Problem>,
}

#[derive(SimpleObject)]
struct InvitationsPayload {
    /// One for each item, in the order of the input.
    outcomes: Vec<InvitationOutcome>,
    /// Why nothing was tried at all.
    problem: Option<Problem>,
}

#[derive(Default)]
pub(super) struct ManyMutation;

#[Object]
impl ManyMutation {
    /// Invites several people by mail, each as `inviteMember` does.
    #[graphql(complexity = "input.people.len() * (5 + child_complexity)")]
    async fn invite_members(
        &self,
        ctx: &Context<'_>,
        input: InviteMembersInput,
    ) -> Result<InvitationsPayload> {
        let (app, request) = (ctx.data::<App>()?, request_of(ctx));
        let tenant = visible(ctx, &input.tenant_id).await?;
        if let Some(problem) = bad_count(input.people.len(), "people") {
            return Ok(InvitationsPayload { outcomes: vec![], problem: Some(problem) });
        }
        let again = repeated(input.people.iter().map(|one| one.email.trim().to_lowercase()));
        let mut outcomes = Vec::with_capacity(input.people.len());
        for (index, (one, again)) in (0..).zip(input.people.into_iter().zip(again)) {
            let email = one.email.clone();
            let invited = match again {
                Some(first) => Err(same_again("people", first)),
                None => match assigned(one.role, one.custom_role_id.as_ref()) {
                    Ok(role) => {
                        app.identity
                            .invite_member(request, InviteMember { tenant, email: one.email, role })
                            .await
                    }
                    Err(error) => Err(error),
                },
            };
            let (invitation, problem) = of_one(invited, request.request());
            outcomes.push(InvitationOutcome {
                index,
                email,
                invitation: invitation.map(|it| Invitation::of(tenant, it)),
                problem,
            });
        }
        Ok(InvitationsPayload { outcomes, problem: None })
    }

    /// Starts several instances, each as `startInstance` does.
    #[graphql(complexity = "input.ids.len() * (5 + child_complexity)")]
    async fn start_instances(&self, ctx: &Context<'_>, input: InstancesInput) -> Result<InstancesPayload> {
        operate(ctx, input, true).await
    }

    /// Stops several instances, each as `stopInstance` does; their data is kept.
    #[graphql(complexity = "input.ids.len() * (5 + child_complexity)")]
    async fn stop_instances(&self, ctx: &Context<'_>, input: InstancesInput) -> Result<InstancesPayload> {
        operate(ctx, input, false).await
    }
}

async fn operate(ctx: &Context<'_>, input: InstancesInput, start: bool) -> Result<InstancesPayload> {
    let (app, request) = (ctx.data::<App>()?, request_of(ctx));
    let tenant = visible(ctx, &input.tenant_id).await?;
    if let Some(problem) = bad_count(input.ids.len(), "ids") {
        return Ok(InstancesPayload { outcomes: vec![], problem: Some(problem) });
    }
    let again = repeated(input.ids.iter().map(|id| id.to_string()));
    let mut outcomes = Vec::with_capacity(input.ids.len());
    for (index, (id, again)) in (0..).zip(input.ids.into_iter().zip(again)) {
        let done: tenantry_kernel::Result<instances::Instance> =
            match (again, parse_id::<InstanceId>(&id, "instance")) {
                (Some(first), _) => Err(same_again("ids", first)),
                (None, Err(error)) => Err(error),
                (None, Ok(id)) if start => app.instances.start(request, tenant, id).await,
                (None, Ok(id)) => app.instances.stop(request, tenant, id).await,
            };
        let (instance, problem) = of_one(done, request.request());
        outcomes.push(InstanceOutcome { index, id, instance: instance.map(Instance::from), problem });
    }
    Ok(InstancesPayload { outcomes, problem: None })
}

/// The organisation, if it is there for the viewer.
async fn visible(ctx: &Context<'_>, id: &ID) -> Result<TenantId> {
    let tenant = parse_id(id, "tenant").answer(ctx)?;
    ctx.data::<App>()?.tenants.get(request_of(ctx), tenant).await.answer(ctx)?;
    Ok(tenant)
}

fn bad_count(items: usize, field: &'static str) -> Option<Problem> {
    let error = Error::invalid(field, format!("1 to {MAX_ITEMS} items at once; these are {items}."))
        .with_remedy("Split them over several calls.");
    (!(1..=MAX_ITEMS).contains(&items)).then(|| Problem::from(&error))
}

/// Of each item, the place of the same one before it.
fn repeated<K: Eq + Hash>(keys: impl Iterator<Item = K>) -> Vec<Option<usize>> {
    let mut first = HashMap::new();
    let place = |(place, key)| {
        let at = *first.entry(key).or_insert(place);
        (at != place).then_some(at)
    };
    keys.enumerate().map(place).collect()
}

fn same_again(field: &'static str, first: usize) -> Error {
    Error::invalid(field, format!("This is item {first} again: it was done once."))
        .with_remedy("Name each one once.")
}

/// An item's result, or its problem. Faults of ours are logged here, once.
fn of_one<T>(done: tenantry_kernel::Result<T>, request: RequestId) -> (Option<T>, Option<Problem>) {
    match done {
        Ok(value) => (Some(value), None),
        Err(error) => {
            if matches!(error.kind(), Kind::Internal | Kind::Unavailable) {
                tracing::error!(request.id = %request, error = ?error, "an item of a mutation on many failed");
            }
            (None, Some(Problem::from(&error)))
        }
    }
}

#[cfg(test)]
#[path = "many_tests.rs"]
mod tests;
