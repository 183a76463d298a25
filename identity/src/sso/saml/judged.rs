//! What a provider said, in the words that all protocols have in common.

use serde::{Deserialize, Serialize};
use tenantry_kernel::{ConnectionId, Error, Result, TenantId};

use super::super::{Asserted, Flow};
use super::receive::Why;
use crate::saml::{Assertion, AttributeNames, Refusal};

/// More groups than anybody maps.
const MOST_GROUPS: usize = 1000;
const LONGEST_EMAIL: usize = 254;
const LONGEST: usize = 255;
/// As the database holds it.
const LONGEST_SUBJECT: usize = 1024;

/// What waits in a flow's row for the browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Judged {
    subject: String,
    email: Option<String>,
    name: Option<String>,
    groups: Vec<String>,
    groups_incomplete: bool,
    methods: Vec<String>,
    provider_session: Option<String>,
}

impl Judged {
    /// # Errors
    /// For a subject whom nobody could know again.
    pub(super) fn of(assertion: Assertion, names: &AttributeNames) -> std::result::Result<Self, Why> {
        let profile = names.read(&assertion);
        let subject = assertion.subject;
        if subject.is_transient() {
            return Err(Why::TransientName);
        }
        // A name is unique among those of one qualifier (SAML core, section 8.3.7), which is the provider unless it says
        // otherwise.
        let subject = match subject.name_qualifier.filter(|qualifier| *qualifier != assertion.issuer) {
            Some(qualifier) => format!("{qualifier}!{}", subject.value),
            None => subject.value,
        };
        if subject.chars().count() > LONGEST_SUBJECT {
            return Err(Refusal::NameId.into());
        }
        let short = |text: Option<String>, most: usize| text.filter(|text| text.len() <= most);
        let groups: Vec<String> = profile.groups.into_iter().filter(|group| group.len() <= LONGEST).collect();
        Ok(Self {
            subject,
            email: short(profile.email, LONGEST_EMAIL),
            name: short(profile.name, LONGEST),
            groups_incomplete: profile.groups_incomplete || groups.len() > MOST_GROUPS,
            groups: groups.into_iter().take(MOST_GROUPS).collect(),
            methods: short(assertion.context, LONGEST).into_iter().collect(),
            provider_session: short(assertion.session_index, LONGEST),
        })
    }

    pub(super) fn asserted(self, (connection, tenant): (ConnectionId, Option<TenantId>)) -> Asserted {
        Asserted {
            connection,
            tenant,
            subject: self.subject,
            email: self.email,
            // SAML has no word for it: an address counts where its domain is the tenant's own.
            email_verified: false,
            email_denied: false,
            name: self.name,
            groups: self.groups,
            groups_incomplete: self.groups_incomplete,
            methods: self.methods,
            provider_session: self.provider_session,
            id_token_hint: None,
        }
    }
}

impl Flow {
    /// What the provider said in answer to this flow, if it has answered.
    ///
    /// # Errors
    /// `Internal` for what was not written by this version.
    pub fn said_by_saml(&self, tenant: Option<TenantId>) -> Result<Option<Asserted>> {
        let Some(kept) = self.assertion.clone() else { return Ok(None) };
        let judged: Judged = serde_json::from_value(kept).map_err(Error::internal)?;
        Ok(Some(judged.asserted((self.connection, tenant))))
    }
}
