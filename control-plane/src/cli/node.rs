//! `tenantry api`: another node that serves the APIs and the portal, beside an `up` on the same database.
//!
//! What it needs of the other it reads from its state directory, or a copy of four files of it: the keyring, the
//! passwords of the database roles, the key that signs audit checkpoints, and the installation's name. It makes
//! nothing, migrates nothing and takes no lock: any number may run. Everything that decides (sessions, keys, roles,
//! consents, limits) is in the database, so what is revoked on one node is over on the others at the next request.

use std::time::Duration;

use anyhow::{Context, Result};
use tenantry_store::notify::Signals;
use tenantry_store::{Db, PoolSizes};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::up::{assemble, listen, wait_for_the_end};
use super::{UpArgs, show};
use crate::app::runtime;
use crate::audit;
use crate::embedded::{State, reach_database};
use crate::http::{self, drain};

pub(super) async fn api(args: UpArgs) -> Result<()> {
    let runtime = runtime().await?;
    let listener = listen(args.listen, "the API", "--listen").await?;
    let state = State::beside(&args.state_dir)?;
    let cluster = reach_database(&state, args.database_url.as_ref())?;
    let db = Db::connect(&cluster.app, &cluster.system, PoolSizes::default());
    db.ping().await.context("the database does not answer. Start `tenantry up` first, which makes it")?;
    let signals = Signals::listen(db.system_pool().clone());
    let app = assemble(&args, &state, db, (runtime, signals)).await?;

    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    // What this node refuses stands in its memory until it is written down.
    let holder = format!("api-{}-{}", state.installation, std::process::id());
    tasks.spawn(audit::run(app.audit.clone(), holder, stop.clone()));
    tasks.spawn(drain::serve(listener, http::router(app.clone(), args.web_dir.clone()), stop.clone()));
    show(&format!("Tenantry's API runs at http://{}, for {}.", args.listen, app.public.portal))?;
    show("Press Ctrl-C to stop.")?;
    wait_for_the_end().await?;

    drain::drain(&app, args.api.drain_lead.to_std().unwrap_or_default()).await;
    stop.cancel();
    let finish = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(app.api.max_time + Duration::from_secs(5), finish).await.is_err() {
        tasks.shutdown().await;
    }
    if let Err(error) = app.audit.write_denials(true).await {
        tracing::warn!(error = ?error, "the last refusals are not in the audit trail");
    }
    Ok(())
}
