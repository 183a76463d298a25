//! Ends the PostgreSQL of a test run and deletes its data.

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tenantry_testkit::clean().await
}
