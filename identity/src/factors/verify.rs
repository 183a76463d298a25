use chrono::TimeDelta;
use tenantry_authz::Ctx;
use tenantry_kernel::{Result, Secret, UserId};
use tenantry_keys::InstallationKey;
use tenantry_store::SystemTx;

use super::model::{Method, Tries};
use super::{recovery, repo, totp};
use crate::mail::{self, MailKind};
use crate::passkeys::PasskeyAnswer;
use crate::{Identity, users};

/// The installation's key that seeds are sealed under and recovery codes are kept by.
const KEY: &str = "factors";

/// What somebody shows as their second factor.
#[derive(Debug, Clone)]
pub enum FactorProof {
    /// A code of the authenticator.
    Totp(Secret),
    RecoveryCode(Secret),
    Passkey(PasskeyAnswer),
}

/// What a proof is worth.
pub(super) enum Verdict {
    Right(Method),
    Wrong,
    /// Codes are not looked at for so long.
    Locked(TimeDelta),
}

enum Code {
    Right(Method),
    /// Right, and taken before.
    Used,
    Wrong,
}

impl Identity {
    /// Whether the proof is the person's. Of what is right, and of a wrong code, it writes what has to be remembered:
    /// commit the transaction in each case.
    pub(super) async fn verify_factor(
        &self,
        tx: &SystemTx,
        ctx: &Ctx,
        (user, proof): (UserId, &FactorProof),
    ) -> Result<Verdict> {
        if let FactorProof::Passkey(answer) = proof {
            let right = self.verify_passkey(tx, ctx, (user, answer)).await?;
            return Ok(if right { Verdict::Right(Method::Passkey) } else { Verdict::Wrong });
        }
        let tries = repo::tries(tx, user).await?;
        if let Some(wait) = tries.wait(ctx.now()) {
            return Ok(Verdict::Locked(wait));
        }
        Ok(match self.check_code(tx, ctx, (user, proof)).await? {
            Code::Right(method) => {
                repo::set_tries(tx, user, Tries::default()).await?;
                Verdict::Right(method)
            }
            Code::Used => Verdict::Wrong,
            Code::Wrong => {
                let tries = tries.failed(ctx.now());
                repo::set_tries(tx, user, tries).await?;
                tracing::info!(
                    user.id = %user, request.id = %ctx.request(), factor.failures = tries.failures,
                    "wrong code of a second factor"
                );
                Verdict::Wrong
            }
        })
    }

    async fn check_code(
        &self,
        tx: &SystemTx,
        ctx: &Ctx,
        (user, proof): (UserId, &FactorProof),
    ) -> Result<Code> {
        match proof {
            FactorProof::Totp(code) => self.check_totp(tx, ctx, (user, code)).await,
            FactorProof::RecoveryCode(code) => {
                let key = self.factor_key(tx).await?;
                let Some(mac) = recovery::mac(&key, user, code)? else { return Ok(Code::Wrong) };
                if !repo::take_code(tx, user, (&mac, ctx.now())).await? {
                    return Ok(Code::Wrong);
                }
                mail::enqueue(tx, user, MailKind::RecoveryCodeUsed).await?;
                tracing::warn!(user.id = %user, request.id = %ctx.request(), "a recovery code was used");
                Ok(Code::Right(Method::Recovery))
            }
            FactorProof::Passkey(_) => Ok(Code::Wrong),
        }
    }

    async fn check_totp(&self, tx: &SystemTx, ctx: &Ctx, (user, code): (UserId, &Secret)) -> Result<Code> {
        let stored = repo::totp(tx, user).await?.filter(|totp| totp.confirmed_at.is_some());
        let (Some(stored), Some(code)) = (stored, totp::tidy(code)) else { return Ok(Code::Wrong) };
        let authenticator = self.authenticator(tx, user, &stored.seed).await?;
        let Some(step) = authenticator.step_of(&code, ctx.now()) else { return Ok(Code::Wrong) };
        let taken = repo::take_step(tx, user, step).await?;
        Ok(if taken { Code::Right(Method::Otp) } else { Code::Used })
    }

    /// The authenticator of a sealed seed.
    pub(super) async fn authenticator(
        &self,
        tx: &SystemTx,
        user: UserId,
        seed: &str,
    ) -> Result<totp::Authenticator> {
        let key = self.factor_key(tx).await?.derive(&[b"totp"])?;
        let seed = zeroize::Zeroizing::new(key.open(seed, &user.to_string())?);
        let account = users::repo::by_id(tx, user).await?.map(|user| user.email).unwrap_or_default();
        totp::Authenticator::new(totp::SCHEME, &seed, &account)
    }

    /// A seed, sealed for its person.
    pub(super) async fn seal_seed(&self, tx: &SystemTx, (user, seed): (UserId, &[u8])) -> Result<String> {
        let key = self.factor_key(tx).await?.derive(&[b"totp"])?;
        key.seal(&*self.runtime().entropy, seed, &user.to_string())
    }

    pub(super) async fn factor_key(&self, tx: &SystemTx) -> Result<InstallationKey> {
        self.keys()?.installation(tx, KEY, self.runtime().clock.now()).await
    }
}
