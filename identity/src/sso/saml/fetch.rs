//! A provider's metadata, from the address that a tenant has named: by the guarded way out, once, within bounds.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use tenantry_kernel::{Error, Result, TenantId};
use tenantry_outbound::{OutboundOf, Request};

use crate::Identity;
use crate::saml::{IdentityProvider, MOST_METADATA};

/// Somebody waits for it, or a log-in does.
const PATIENCE: Duration = Duration::from_secs(10);

impl Identity {
    /// A document that somebody has uploaded. Addresses that browsers are sent to are judged by the rules of addresses that
    /// we go to, as far as that goes without a connection.
    ///
    /// # Errors
    /// `Invalid` for `metadata`.
    pub(super) fn read_metadata(&self, tenant: TenantId, text: &str) -> Result<IdentityProvider> {
        let provider = IdentityProvider::from_metadata(text)?;
        let out = self.outbound(tenant)?;
        for endpoint in &provider.sign_on {
            out.target(&endpoint.location).map_err(|why| {
                Error::invalid("metadata", format!("An address for log-ins may not be used: {why}"))
                    .with_remedy("Take the metadata that the provider shows to the outside.")
            })?;
        }
        Ok(provider)
    }

    /// The document at an address, or why not: a sentence for the connection's administrators, which names nothing of our
    /// network.
    pub(super) async fn fetch_metadata(
        &self,
        tenant: TenantId,
        url: &str,
    ) -> std::result::Result<IdentityProvider, String> {
        let out = self.outbound(tenant).map_err(|error| error.message().to_owned())?;
        let body = tokio::time::timeout(PATIENCE, get(&out, url))
            .await
            .map_err(|_| "The address of the metadata took too long to answer.".to_owned())??;
        let text = std::str::from_utf8(&body).map_err(|_| "The metadata is not UTF-8.".to_owned())?;
        self.read_metadata(tenant, text).map_err(|error| error.message().to_owned())
    }

    fn outbound(&self, tenant: TenantId) -> Result<OutboundOf> {
        let outbound = self.config().outbound.as_ref();
        outbound.map(|out| out.of(tenant)).ok_or_else(|| Error::internal("no way out is wired for metadata"))
    }
}

async fn get(out: &OutboundOf, url: &str) -> std::result::Result<Bytes, String> {
    let mut headers = HeaderMap::new();
    let accepted = "application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1";
    headers.insert(header::ACCEPT, HeaderValue::from_static(accepted));
    let request = Request { method: Method::GET, url, headers, body: Bytes::new(), most: MOST_METADATA };
    let answer = out.send(request).await.map_err(|why| format!("No answer from the address: {why}"))?;
    if answer.status.is_redirection() {
        return Err(
            "The address answers with a redirect, which is not followed: give the final one.".to_owned()
        );
    }
    if answer.status != StatusCode::OK {
        return Err(format!("The address answers with status {}.", answer.status));
    }
    if answer.truncated {
        return Err("The metadata is larger than 1 MiB.".to_owned());
    }
    Ok(answer.body)
}
