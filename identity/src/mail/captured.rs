use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult};
use tenantry_authz::{Action, Ctx, PlatformResource};
use tenantry_kernel::{Clock, Error, Result};
use tenantry_store::{Db, DbResultExt, Page, PageRequest, SystemRole, SystemTx, Transaction, stmt};

use super::{Mail, Mailer};
use crate::Identity;

/// The embedded default: keeps mail in the database, for tests and the development mailbox. It reaches nobody.
#[derive(Clone)]
pub struct CapturingMailer {
    db: Db,
    clock: Arc<dyn Clock>,
}

impl CapturingMailer {
    pub fn new(db: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db, clock }
    }
}

#[async_trait::async_trait]
impl Mailer for CapturingMailer {
    async fn send(&self, mail: Mail) -> Result<()> {
        let to = super::smtp::recipient(&mail.to)?;
        let tx = SystemTx::begin(&self.db, SystemRole::Authentication).await?;
        tx.conn()
            .execute_raw(stmt(
                "INSERT INTO identity.captured_mail (recipient, subject, body, html, created_at)
                 VALUES ($1, $2, $3, $4, $5)",
                [
                    to.to_string().into(),
                    mail.subject.into(),
                    mail.text.into(),
                    mail.html.into(),
                    self.clock.now().into(),
                ],
            ))
            .await
            .db()?;
        tx.commit().await
    }
}

/// A mail that was kept instead of sent. Its body may hold a live one-time link.
#[derive(Clone, PartialEq, Eq)]
pub struct CapturedMail {
    pub id: i64,
    pub recipient: String,
    pub subject: String,
    /// The plain text.
    pub body: String,
    /// The same as a document. `None` for mail from before there was any.
    pub html: Option<String>,
    pub created_at: DateTime<Utc>,
}

impl std::fmt::Debug for CapturedMail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CapturedMail")
            .field("id", &self.id)
            .field("recipient", &self.recipient)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

fn of_row(row: &QueryResult) -> std::result::Result<CapturedMail, sea_orm::DbErr> {
    Ok(CapturedMail {
        id: row.try_get("", "id")?,
        recipient: row.try_get("", "recipient")?,
        subject: row.try_get("", "subject")?,
        body: row.try_get("", "body")?,
        html: row.try_get("", "html")?,
        created_at: row.try_get("", "created_at")?,
    })
}

impl Identity {
    /// Captured mail, newest first, to one recipient or to all. The cursor is the last mail's id.
    ///
    /// # Errors
    /// `NotFound` or `Forbidden` for whoever is not staff with the right to read mail.
    pub async fn captured_mail(
        &self,
        ctx: &Ctx,
        recipient: Option<String>,
        page: &PageRequest,
    ) -> Result<Page<CapturedMail>> {
        let permit = ctx.permit_platform(Action::View, PlatformResource::Mail)?;
        let before: i64 = match &page.after {
            Some(cursor) => {
                cursor.parse().map_err(|_| Error::invalid("after", "That is not a cursor of this list."))?
            }
            None => i64::MAX,
        };
        let recipient = recipient.as_deref().map(plain).transpose()?;
        let tx = SystemTx::begin_platform(self.db(), &permit).await?;
        let rows = tx
            .conn()
            .query_all_raw(stmt(
                "SELECT id, recipient, subject, body, html, created_at FROM identity.captured_mail
                 WHERE id < $1 AND ($2::text IS NULL OR recipient = $2) ORDER BY id DESC LIMIT $3",
                [before.into(), recipient.into(), page.limit_plus_one().into()],
            ))
            .await
            .db()?;
        tx.commit().await?;
        let rows = rows.iter().map(of_row).collect::<std::result::Result<Vec<_>, _>>().db()?;
        Ok(Page::of(rows, page))
    }

    /// How many captured mails there are, to one recipient or to all.
    ///
    /// # Errors
    /// As [`captured_mail`](Self::captured_mail).
    pub async fn captured_mail_count(&self, ctx: &Ctx, recipient: Option<&str>) -> Result<i64> {
        let permit = ctx.permit_platform(Action::View, PlatformResource::Mail)?;
        let recipient = recipient.map(plain).transpose()?;
        let tx = SystemTx::begin_platform(self.db(), &permit).await?;
        let sql = "SELECT count(*) AS n FROM identity.captured_mail WHERE $1::text IS NULL OR recipient = $1";
        let row = tx.conn().query_one_raw(stmt(sql, [recipient.into()])).await.db()?;
        row.map_or(Ok(0), |row| row.try_get("", "n").db())
    }
}

/// A recipient as it is kept.
fn plain(recipient: &str) -> Result<String> {
    // PostgreSQL's text has no zero byte.
    if recipient.chars().any(char::is_control) {
        return Err(Error::invalid("recipient", "That is no mail address."));
    }
    Ok(recipient.trim().to_ascii_lowercase())
}
