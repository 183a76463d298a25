//! `tenantry audit`: what one does with an exported trail, on any machine.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};

use super::show;
use crate::audit::{Keyring, Trust, Verified, Verify, is_fingerprint, verify};

#[derive(Subcommand)]
pub(super) enum AuditCommand {
    /// Checks an exported audit trail: its hashes, chain, signatures and both ends. Names the first record that is not
    /// as it was.
    Verify(VerifyArgs),
}

#[derive(Args)]
pub(super) struct VerifyArgs {
    /// The file that was exported.
    file: PathBuf,
    /// The public keys that are believed: PEM, or what /.well-known/tenantry-audit-keys.json gave when it could be
    /// trusted. Without it, and without fingerprints, the keys in the file itself are taken, which whoever made the file
    /// chose.
    #[arg(long)]
    key: Option<PathBuf>,
    /// The fingerprint of a key that is believed: its id, 43 characters, as the log says at each start and the key set as
    /// `kid`. Of the keys in the file only such are taken. May be given several times.
    #[arg(long, conflicts_with = "key")]
    fingerprint: Vec<String>,
}

pub(super) fn run(command: AuditCommand) -> Result<()> {
    let AuditCommand::Verify(args) = command;
    let trust = match &args.key {
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
            let keys = Keyring::parse(&text);
            Trust::Keys(keys.with_context(|| format!("{} holds no Ed25519 public key", path.display()))?)
        }
        None if args.fingerprint.is_empty() => Trust::OfTheFile,
        None => Trust::Fingerprints(args.fingerprint),
    };
    if let Trust::Fingerprints(pinned) = &trust
        && let Some(wrong) = pinned.iter().find(|text| !is_fingerprint(text))
    {
        anyhow::bail!(
            "{wrong:?} is not a key's fingerprint: that is 43 letters, digits, hyphens and underscores"
        );
    }
    let file = File::open(&args.file).with_context(|| format!("{}", args.file.display()))?;
    match verify(BufReader::new(file), &trust).with_context(|| format!("{}", args.file.display()))? {
        Verify::Good(verified) => show(&said(&verified, !matches!(trust, Trust::OfTheFile))),
        Verify::Broken(broken) => anyhow::bail!("BROKEN at {broken}"),
    }
}

fn said(verified: &Verified, pinned: bool) -> String {
    let records = match verified.records {
        Some((first, last)) => format!("records {first} to {last}, {} in all", last - first + 1),
        None => "no records".to_owned(),
    };
    let keys = verified.key_ids.join(", ");
    let mut text = format!(
        "The audit trail of {} is as it was exported: {records}, {} checkpoints.\nSigned by: {keys}\n",
        verified.tenant, verified.checkpoints
    );
    if !pinned {
        text.push_str(
            "The keys are those in the file. Compare them with the ones you know, or give those with --key or --fingerprint.\n",
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use tenantry_authz::Role;

    use super::*;
    use crate::audit::pem;
    use crate::test_world::TestApp;

    #[tokio::test]
    async fn a_good_file_passes_and_a_bad_one_is_refused_with_the_records_number() {
        let test = TestApp::new().await;
        let tenant = test.tenant("acme", "pro").await;
        let owner = test.world.member(tenant, Role::Owner);
        let (mut export, mut text) = test.app.audit.begin_export(&owner, tenant, (None, None)).await.unwrap();
        while let Some(part) = export.next(&owner).await.unwrap() {
            text.extend(part);
        }
        let (file, key) = (test.directory.path().join("audit.jsonl"), test.directory.path().join("key.pem"));
        let known = test.app.audit.public_keys().await.unwrap().remove(0);
        let (public, thumbprint) = (known.public_key, known.key_id);
        std::fs::write(&key, pem(&public).unwrap()).unwrap();
        let verify = |key: Option<&PathBuf>| {
            run(AuditCommand::Verify(VerifyArgs {
                file: file.clone(),
                key: key.cloned(),
                fingerprint: vec![],
            }))
        };
        let pinned = |fingerprints: &[&str]| {
            let fingerprint = fingerprints.iter().map(|&f| f.to_owned()).collect();
            run(AuditCommand::Verify(VerifyArgs { file: file.clone(), key: None, fingerprint }))
        };
        std::fs::write(&file, &text).unwrap();
        verify(None).unwrap();
        verify(Some(&key)).unwrap();
        let (own, other) = (thumbprint.as_str(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        pinned(&[own]).unwrap();
        pinned(&[other, own]).unwrap();
        assert!(pinned(&[other]).unwrap_err().to_string().contains("not signed by a known key"));
        assert!(pinned(&["abc"]).unwrap_err().to_string().contains("not a key's fingerprint"));
        let bad = String::from_utf8(text).unwrap().replacen("subscription.start", "subscription.stArt", 1);
        std::fs::write(&file, bad).unwrap();
        let refused = verify(Some(&key)).unwrap_err().to_string();
        assert!(
            refused.starts_with("BROKEN at record 1 (line 2): what it says does not fit its hash"),
            "{refused}"
        );
        std::fs::write(&key, "no key").unwrap();
        assert!(verify(Some(&key)).unwrap_err().to_string().contains("no Ed25519 public key"));
        assert!(verify(Some(&file.join("nothing"))).is_err());
    }
}
