//! Parts of authentication's statement. The arguments are SQL.

/// Whether a session breaks the limits of the policy `p`, which may be no row. `session` has `created_at` and
/// `longest_idle`, with the time since its last use in it.
pub(crate) fn breaks_policy(session: &str, now: &str) -> String {
    format!(
        "coalesce({session}.created_at <= {now}::timestamptz - make_interval(mins => p.absolute_minutes), false)
         OR coalesce({session}.longest_idle >= make_interval(mins => p.idle_minutes), false)"
    )
}

/// Whether it may not be used in the tenant of the membership `m`: by the policy, or because somebody ended the member's
/// sessions there.
pub(crate) fn outdated(session: &str, now: &str) -> String {
    format!(
        "({} OR coalesce({session}.created_at <= m.sessions_valid_from, false))",
        breaks_policy(session, now)
    )
}
