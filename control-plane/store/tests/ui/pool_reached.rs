//! The application's pool is not handed out: queries go through a transaction that knows its tenant.
use tenantry_store::Db;

fn reach(db: &Db) {
    let _ = &db.app; //~ E0616: field `app` of struct `Db` is private
}
