use async_graphql::{Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use tenantry_store::PageRequest;

use crate::app::App;
use crate::graphql::connection::{CountedList, counted, wants_total};
use crate::graphql::error::{Answer, request_of};

#[derive(Default)]
pub(super) struct MailQuery;

/// A mail that the embedded mode kept instead of sending.
#[derive(SimpleObject)]
struct CapturedMail {
    id: ID,
    recipient: String,
    subject: String,
    /// The plain text.
    body: String,
    /// The same as an HTML document. Null for mail from before there was any.
    html: Option<String>,
    created_at: DateTime<Utc>,
}

#[Object]
impl MailQuery {
    /// Mail kept by the embedded mode, newest first.
    #[graphql(complexity = "crate::graphql::connection::page_cost(first, child_complexity)")]
    async fn captured_mail(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        recipient: Option<String>,
    ) -> Result<CountedList<CapturedMail>> {
        let (identity, request) = (&ctx.data::<App>()?.identity, request_of(ctx));
        let page = PageRequest::new(first, after);
        let rows = identity.captured_mail(request, recipient.clone(), &page).await.answer(ctx)?;
        let total = match wants_total(ctx) {
            true => Some(identity.captured_mail_count(request, recipient.as_deref()).await.answer(ctx)?),
            false => None,
        };
        Ok(counted(rows, (&page, total), |m| {
            let id = m.id.to_string();
            let node = CapturedMail {
                id: id.clone().into(),
                recipient: m.recipient,
                subject: m.subject,
                body: m.body,
                html: m.html,
                created_at: m.created_at,
            };
            (id, node)
        }))
    }
}
