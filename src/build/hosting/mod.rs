//! Configurations of hosts that serve the web root as it is: pure functions of the
//! [`policy`] and of where the site stands.

pub mod policy;

mod apache;
mod caddy;
mod cloudflare;
mod netlify;
mod nginx;
mod pages;
mod s3;

use crate::crosswalk::Format;

/// A host that a configuration can be printed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// nginx 1.18 or newer, without further modules.
    Nginx,
    /// Caddy 2.6 or newer.
    Caddy,
    /// Apache httpd 2.4.
    Apache,
    /// Netlify: `netlify.toml`.
    Netlify,
    /// Cloudflare Pages and Workers static assets: `_headers` and `_redirects`.
    Cloudflare,
    /// Amazon S3 behind CloudFront, and what speaks its language.
    S3,
}

impl Host {
    /// Every host, in the order of the help text.
    pub const ALL: [Host; 6] =
        [Host::Nginx, Host::Caddy, Host::Apache, Host::Netlify, Host::Cloudflare, Host::S3];

    /// Name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Host::Nginx => "nginx",
            Host::Caddy => "caddy",
            Host::Apache => "apache",
            Host::Netlify => "netlify",
            Host::Cloudflare => "cloudflare",
            Host::S3 => "s3",
        }
    }
}

/// Where the site stands, checked: no part of it can end a quoted string of any configuration.
#[derive(Debug, Clone)]
pub struct Place {
    root: String,
    listen: Option<String>,
    https: bool,
    authority: String,
    prefix: String,
    exports: Vec<Format>,
}

/// A value that cannot stand in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {value:?} cannot be written into a configuration: {why}")]
pub struct BadPlace {
    /// Which value.
    pub what: &'static str,
    /// As given.
    pub value: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl Place {
    /// `root` is the web root's full path, `listen` an address and port to listen on instead of
    /// those of `base_url`, `exports` the files beside each page.
    ///
    /// # Errors
    /// [`BadPlace`] for characters that have a meaning in configuration files.
    pub fn new(
        root: &str,
        listen: Option<&str>,
        base_url: &str,
        exports: &[Format],
    ) -> Result<Place, BadPlace> {
        let fail = |what, value: &str, why| Err(BadPlace { what, value: value.to_owned(), why });
        if root.contains(|c: char| c.is_control() || "\"'`\\${}%#;*?[]".contains(c)) {
            return fail("the web root", root, "use a path of plain characters");
        }
        if let Some(listen) = listen
            && (listen.is_empty() || !listen.chars().all(is_address))
        {
            return fail("--listen", listen, "use ADDRESS:PORT");
        }
        let (scheme, rest) = base_url.split_once("://").unwrap_or(("", base_url));
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let prefix = path.trim_end_matches('/');
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/".contains(c);
        let odd = prefix.contains("//") || prefix.split('/').any(|part| part.starts_with('.'));
        if !matches!(scheme, "http" | "https") || authority.is_empty() {
            return fail("repository.base_url", base_url, "use an http(s) URL");
        }
        if !authority.chars().all(is_address) || !prefix.chars().all(plain) || odd {
            return fail("repository.base_url", base_url, "use a plain host and path");
        }
        Ok(Place {
            root: root.to_owned(),
            listen: listen.map(str::to_owned),
            https: scheme == "https",
            authority: authority.to_owned(),
            prefix: prefix.to_owned(),
            exports: exports.to_vec(),
        })
    }

    /// Host name without the port.
    fn host(&self) -> &str {
        match self.authority.rsplit_once(':') {
            // A colon inside brackets belongs to an IPv6 address.
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
            _ => &self.authority,
        }
    }

    /// Port of the base URL, or that of its scheme.
    fn port(&self) -> &str {
        let port = self.authority.strip_prefix(self.host()).and_then(|rest| rest.strip_prefix(':'));
        port.unwrap_or(if self.https { "443" } else { "80" })
    }
}

fn is_address(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._:[]*".contains(c)
}

/// The configuration for `host`: complete, commented, ended by a line feed.
pub fn print(host: Host, place: &Place) -> String {
    match host {
        Host::Nginx => nginx::print(place),
        Host::Caddy => caddy::print(place),
        Host::Apache => apache::print(place),
        Host::Netlify => netlify::print(place),
        Host::Cloudflare => cloudflare::print(place),
        Host::S3 => s3::print(place),
    }
}

/// Puts values into the `@NAME@` places of a text.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = template.to_owned();
    for (name, value) in values {
        text = text.replace(&format!("@{name}@"), value);
    }
    text
}

/// `text` with the characters escaped that have a meaning in regular expressions (PCRE and RE2)
/// and occur in file names and media types.
fn regex_literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 4);
    for c in text.chars() {
        if ".+*?()[]{}^$|\\".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// An alternation that matches one of `texts`.
fn regex_any<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let all: Vec<String> = texts.into_iter().map(regex_literal).collect();
    format!("({})", all.join("|"))
}

/// File name endings by media type without parameters, in table order.
fn endings_by_type() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut grouped: Vec<(&str, Vec<&str>)> = Vec::new();
    for (ending, kind) in policy::TYPES {
        match grouped.iter_mut().find(|(known, _)| known == kind) {
            Some((_, endings)) => endings.push(ending),
            None => grouped.push((kind, vec![ending])),
        }
    }
    grouped
}
