//! What each line of the policy does, and that the committed matrix says it all.

use std::collections::BTreeSet;

use crate::gate::{POLICY, lines};
use crate::matrix::{Row, rows};
use crate::{
    Action, Gate, PlatformResource, PlatformRole, ResellerRole, ResourceKind, Right, Role, SupportRole,
};

const COMMITTED: &str = include_str!("../policy-matrix.txt");

/// The committed table, read by itself: (role, resource, action).
fn expected() -> BTreeSet<(&'static str, &'static str, &'static str)> {
    let mut role = None;
    let mut cells = BTreeSet::new();
    for line in COMMITTED.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty()) {
        let Some(row) = line.strip_prefix("  ") else {
            role = Some(line);
            continue;
        };
        let mut words = row.split_whitespace();
        let (role, resource) =
            (role.expect("a role stands above its rows"), words.next().expect("a resource"));
        for action in words {
            assert!(cells.insert((role, resource, action)), "twice: {role} {resource} {action}");
        }
    }
    cells
}

fn decided(gate: &Gate) -> BTreeSet<(&'static str, &'static str, &'static str)> {
    let cell = |row: &Row, action: &'static str| (row.role, row.resource, action);
    rows(gate)
        .iter()
        .flat_map(|row| row.actions.iter().map(move |a| cell(row, a)).collect::<Vec<_>>())
        .collect()
}

#[tokio::test]
async fn for_every_role_resource_and_action_the_engine_decides_what_the_reviewed_matrix_says() {
    let gate = Gate::built_in().await.unwrap();
    // Each question is asked: allowed or not, in a world of the roles' own.
    let asked = rows(&gate).len() * Action::ALL.len();
    let tenant_roles = Role::ALL.len() + ResellerRole::ALL.len() + SupportRole::ALL.len();
    let pairs =
        tenant_roles * ResourceKind::ALL.len() + PlatformRole::ALL.len() * PlatformResource::ALL.len();
    assert_eq!(asked, pairs * Action::ALL.len());
    assert_eq!(decided(&gate), expected());
    // And what was decided before is decided the same again, from memory and by the engine.
    assert_eq!(decided(&gate), expected());
    gate.forget_decisions();
    assert_eq!(decided(&gate), expected());
}

#[tokio::test]
async fn without_any_one_line_of_the_policy_the_engine_decides_otherwise_than_the_matrix() {
    let rules: Vec<_> = POLICY.lines().enumerate().filter(|(_, l)| l.starts_with("p,")).collect();
    assert_eq!(rules.len(), expected().len(), "one line a cell");
    for (at, line) in rules {
        let without: Vec<&str> =
            POLICY.lines().enumerate().filter(|(i, _)| *i != at).map(|(_, line)| line).collect();
        let gate = Gate::of(&without.join("\n")).await.unwrap();
        let lost: Vec<_> = expected().difference(&decided(&gate)).copied().collect();
        let [(role, resource, action)] = lost[..] else { panic!("{line}: {lost:?}") };
        assert_eq!(line, format!("p, {role}, {resource}, {action}"));
    }
}

#[tokio::test]
async fn a_line_more_is_found_as_well() {
    let gate = Gate::of(&format!("{POLICY}p, viewer, instance, delete\n")).await.unwrap();
    let more: Vec<_> = decided(&gate).difference(&expected()).copied().collect();
    assert_eq!(more, [("viewer", "instance", "delete")]);
}

#[test]
fn every_line_of_the_policy_names_what_there_is() {
    let roles: BTreeSet<&str> = (Role::ALL.iter().map(|r| r.as_str()))
        .chain(ResellerRole::ALL.iter().map(|r| r.as_str()))
        .chain(SupportRole::ALL.iter().map(|r| r.as_str()))
        .collect();
    for (role, object, action) in lines(POLICY) {
        let known = if roles.contains(role) {
            object.parse::<ResourceKind>().is_ok()
        } else {
            role.parse::<PlatformRole>().is_ok() && object.parse::<PlatformResource>().is_ok()
        };
        assert!(known && action.parse::<Action>().is_ok(), "p, {role}, {object}, {action}");
    }
}

#[tokio::test]
async fn a_right_is_described_where_some_role_has_it_and_nowhere_else() {
    let gate = Gate::built_in().await.unwrap();
    for kind in ResourceKind::ALL {
        for action in Action::ALL {
            let right = Right::new(*kind, *action);
            assert_eq!(right.description().is_some(), !gate.roles_with(right).is_empty(), "{right}");
            assert_eq!(
                Right::all().filter(|r| *r == right).count(),
                usize::from(right.description().is_some())
            );
        }
    }
    assert!(gate.roles_with(Right::SEE_TENANT).len() == Role::ALL.len());
}
