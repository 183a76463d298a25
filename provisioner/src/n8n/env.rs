//! An instance's environment, as a pure function of its specification.

use url::Url;

/// What the environment is made of. It has no secrets: those come as files in `secrets`.
#[derive(Debug, Clone)]
pub struct Environment<'a> {
    pub port: u16,
    pub broker_port: u16,
    pub public_url: &'a str,
    pub concurrency: u32,
    pub memory_bytes: u64,
    pub database_host: &'a str,
    pub database_port: u16,
    pub database_name: &'a str,
    pub database_user: &'a str,
    pub owner_email: &'a str,
    pub owner_first_name: &'a str,
    pub owner_last_name: &'a str,
    /// Places as the instance sees them.
    pub data: &'a str,
    pub secrets: &'a str,
    pub hook: &'a str,
    pub usage_file: &'a str,
    pub node_directory: &'a str,
}

/// Names of the secret files.
pub(crate) const ENCRYPTION_KEY: &str = "encryption-key";
pub(crate) const DATABASE_PASSWORD: &str = "database-password";
pub(crate) const OWNER_PASSWORD_HASH: &str = "owner-password-hash";

/// Modules nobody can use in a hosted instance, or that call home. `otel` must stay (without it every
/// execution fails), and so must `community-packages` (without it the audit breaks).
const DISABLED_MODULES: &str = "instance-ai,agents,mcp,mcp-registry,chat-hub,external-secrets,source-control,ldap,\
sso-oidc,sso-saml,log-streaming,dynamic-credentials,token-exchange,provisioning,workflow-builder,quick-connect,\
oauth-server,breaking-changes,workflow-reviews";

/// Things n8n does that a hosted instance must not: telemetry, update notices, templates from afar, banners.
const OFF: [(&str, &str); 14] = [
    ("N8N_DIAGNOSTICS_ENABLED", "false"),
    ("N8N_VERSION_NOTIFICATIONS_ENABLED", "false"),
    ("N8N_VERSION_NOTIFICATIONS_WHATS_NEW_ENABLED", "false"),
    ("N8N_TEMPLATES_ENABLED", "false"),
    ("N8N_PERSONALIZATION_ENABLED", "false"),
    ("N8N_DYNAMIC_BANNERS_ENABLED", "false"),
    ("N8N_HIRING_BANNER_ENABLED", "false"),
    ("N8N_AI_GATEWAY_ENABLED", "false"),
    ("N8N_PUBLIC_API_SWAGGERUI_DISABLED", "true"),
    ("N8N_COMMUNITY_PACKAGES_ENABLED", "false"),
    ("N8N_UNVERIFIED_PACKAGES_ENABLED", "false"),
    ("N8N_LICENSE_AUTO_RENEW_ENABLED", "false"),
    ("N8N_METRICS", "false"),
    ("N8N_DISABLED_MODULES", DISABLED_MODULES),
];

/// Guards inside n8n. The walls are the driver's; these make a plain mistake fail with a plain message.
const SECURITY: [(&str, &str); 6] = [
    ("N8N_BLOCK_ENV_ACCESS_IN_NODE", "true"),
    ("N8N_BLOCK_FILE_ACCESS_TO_N8N_FILES", "true"),
    ("N8N_ENFORCE_SETTINGS_FILE_PERMISSIONS", "true"),
    ("N8N_SSRF_PROTECTION_ENABLED", "true"),
    // The owner logs in through the portal: a second factor enrolled here would lock the portal out.
    ("N8N_MFA_ENABLED", "false"),
    ("NODES_EXCLUDE", r#"["n8n-nodes-base.executeCommand","n8n-nodes-base.localFileTrigger"]"#),
];

/// The whole environment, sorted by layer. Nothing is inherited.
pub fn environment(e: &Environment<'_>) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut put = |name: &str, value: String| all.push((name.to_owned(), value));

    put("PATH", format!("{}:/usr/bin:/bin", e.node_directory));
    put("HOME", e.data.to_owned());
    put("LANG", "C.UTF-8".to_owned());
    put("TZ", "UTC".to_owned());
    put("GENERIC_TIMEZONE", "UTC".to_owned());
    put("NODE_ENV", "production".to_owned());
    put("N8N_USER_FOLDER", e.data.to_owned());
    let heap = heap_mib(e.memory_bytes);
    put("NODE_OPTIONS", format!("--max-old-space-size={heap} --max-semi-space-size=8"));

    put("N8N_LISTEN_ADDRESS", "127.0.0.1".to_owned());
    put("N8N_PORT", e.port.to_string());
    put("N8N_PROXY_HOPS", "1".to_owned());
    put("N8N_EDITOR_BASE_URL", e.public_url.to_owned());
    put("N8N_WEBHOOK_URL", format!("{}/", e.public_url.trim_end_matches('/')));
    let url = Url::parse(e.public_url).ok();
    let https = url.as_ref().is_some_and(|url| url.scheme() == "https");
    put("N8N_HOST", url.as_ref().and_then(Url::host_str).unwrap_or("localhost").to_owned());
    // The edge speaks TLS, n8n does not: its own protocol is always plain.
    put("N8N_PROTOCOL", "http".to_owned());
    put("N8N_SECURE_COOKIE", https.to_string());
    put("N8N_SAMESITE_COOKIE", "lax".to_owned());

    put("DB_TYPE", "postgresdb".to_owned());
    put("DB_POSTGRESDB_HOST", e.database_host.to_owned());
    put("DB_POSTGRESDB_PORT", e.database_port.to_string());
    put("DB_POSTGRESDB_DATABASE", e.database_name.to_owned());
    put("DB_POSTGRESDB_USER", e.database_user.to_owned());
    put("DB_POSTGRESDB_SCHEMA", "public".to_owned());
    put("DB_POSTGRESDB_POOL_SIZE", "3".to_owned());

    put("N8N_INSTANCE_OWNER_MANAGED_BY_ENV", "true".to_owned());
    put("N8N_INSTANCE_OWNER_EMAIL", e.owner_email.to_owned());
    put("N8N_INSTANCE_OWNER_FIRST_NAME", e.owner_first_name.to_owned());
    put("N8N_INSTANCE_OWNER_LAST_NAME", e.owner_last_name.to_owned());

    put("EXECUTIONS_MODE", "regular".to_owned());
    put("N8N_CONCURRENCY_PRODUCTION_LIMIT", e.concurrency.to_string());
    put("N8N_RUNNERS_MODE", "internal".to_owned());
    put("N8N_RUNNERS_BROKER_PORT", e.broker_port.to_string());
    put("N8N_RUNNERS_BROKER_LISTEN_ADDRESS", "127.0.0.1".to_owned());
    put("N8N_RUNNERS_MAX_OLD_SPACE_SIZE", (heap / 2).to_string());
    put("N8N_GRACEFUL_SHUTDOWN_TIMEOUT", "30".to_owned());

    put("N8N_LOG_FORMAT", "json".to_owned());
    put("N8N_LOG_LEVEL", "info".to_owned());
    put("N8N_LOG_OUTPUT", "console".to_owned());

    put("EXTERNAL_HOOK_FILES", e.hook.to_owned());
    put("TENANTRY_USAGE_FILE", e.usage_file.to_owned());

    for (name, value) in OFF.iter().chain(&SECURITY) {
        put(name, (*value).to_owned());
    }
    for (name, file) in [
        ("N8N_ENCRYPTION_KEY_FILE", ENCRYPTION_KEY),
        ("DB_POSTGRESDB_PASSWORD_FILE", DATABASE_PASSWORD),
        ("N8N_INSTANCE_OWNER_PASSWORD_HASH_FILE", OWNER_PASSWORD_HASH),
    ] {
        put(name, format!("{}/{file}", e.secrets));
    }
    all
}

/// Half of the memory for n8n's heap: the rest is for its code, buffers and the task runner. n8n does not
/// boot with less than 320 MiB.
fn heap_mib(memory_bytes: u64) -> u64 {
    ((memory_bytes >> 20) / 2).clamp(320, 8192)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn sample(public_url: &str) -> BTreeMap<String, String> {
        let all = environment(&Environment {
            port: 20000,
            broker_port: 20001,
            public_url,
            concurrency: 5,
            memory_bytes: 1 << 30,
            database_host: "/run/tenantry/postgresql",
            database_port: 5432,
            database_name: "d",
            database_user: "u",
            owner_email: "o@example.com",
            owner_first_name: "O",
            owner_last_name: "W",
            data: "/data",
            secrets: "/run/tenantry/secrets",
            hook: "/opt/hook.cjs",
            usage_file: "/usage/executions.jsonl",
            node_directory: "/opt/node/bin",
        });
        let count = all.len();
        let map: BTreeMap<String, String> = all.into_iter().collect();
        assert_eq!(map.len(), count, "no variable is set twice");
        map
    }

    #[test]
    fn secrets_are_files_and_never_values() {
        let map = sample("https://a.example.com");
        for name in ["N8N_ENCRYPTION_KEY", "DB_POSTGRESDB_PASSWORD", "N8N_INSTANCE_OWNER_PASSWORD_HASH"] {
            assert!(!map.contains_key(name), "{name}");
            assert!(map[&format!("{name}_FILE")].starts_with("/run/tenantry/secrets/"));
        }
    }

    #[test]
    fn cookies_are_secure_unless_the_address_is_plain_http() {
        assert_eq!(sample("https://a.example.com")["N8N_SECURE_COOKIE"], "true");
        let plain = sample("http://acme.eu-central.localhost:8080");
        assert_eq!(plain["N8N_SECURE_COOKIE"], "false");
        assert_eq!(plain["N8N_HOST"], "acme.eu-central.localhost");
        assert_eq!(plain["N8N_WEBHOOK_URL"], "http://acme.eu-central.localhost:8080/");
    }

    #[test]
    fn what_must_stay_enabled_stays_enabled() {
        let map = sample("https://a.example.com");
        let disabled: Vec<&str> = map["N8N_DISABLED_MODULES"].split(',').collect();
        assert!(!disabled.contains(&"otel") && !disabled.contains(&"community-packages"));
        assert!(disabled.iter().all(|m| !m.contains(char::is_whitespace)), "{disabled:?}");
    }

    #[test]
    fn the_heap_leaves_room_and_never_falls_below_what_n8n_boots_with() {
        assert!(sample("http://x")["NODE_OPTIONS"].contains("--max-old-space-size=512"));
        assert_eq!(heap_mib(256 << 20), 320);
        assert_eq!(heap_mib(4 << 30), 2048);
    }
}
