//! Buckets as targets, through `object_store`: requests are made by a small runtime inside, and
//! every function here blocks its thread.
//!
//! 5xx, 429 and timeouts are tried again with growing pauses, by the client itself.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path as Key;
use object_store::{
    Attribute, Attributes, ClientOptions, Error as StoreError, MultipartUpload, ObjectStore,
    ObjectStoreExt as _, PutMode, PutMultipartOptions, PutOptions, PutPayload, RetryConfig,
    UpdateVersion,
};
use sha2::{Digest as _, Sha256};
use tokio::runtime::Runtime;

use super::super::hash::{NAME_DIGITS, hex, sha256};
use super::ledger::{SERVED, STATE_DIR};
use super::target::{Condition, Outgoing, Target, Version};
use super::{PublishError, Result, Served};

/// A request that takes longer is tried again.
const REQUEST: Duration = Duration::from_secs(300);
/// No further attempt after this; credentials of a request stay good for five minutes.
const RETRY: Duration = Duration::from_secs(180);
/// Bytes of a part, unless the file would have more than [`MAX_PARTS`].
const PART: u64 = 8 << 20;
/// S3 takes 10,000.
const MAX_PARTS: u64 = 9000;
/// Files sent in parts at a time: each holds a part in memory.
const LARGE: usize = 4;

/// Whose interface a bucket speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Amazon S3, and whatever speaks its language.
    S3,
    /// Google Cloud Storage.
    Google,
    /// Azure Blob Storage.
    Azure,
}

impl Scheme {
    pub(super) fn parse(name: &str) -> Option<Scheme> {
        match name {
            "s3" => Some(Scheme::S3),
            "gs" => Some(Scheme::Google),
            "az" => Some(Scheme::Azure),
            _ => None,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Scheme::S3 => "s3",
            Scheme::Google => "gs",
            Scheme::Azure => "az",
        }
    }
}

/// Names and values from the environment (`AWS_…`, `GOOGLE_…`, `AZURE_…`) that say how to reach
/// a bucket. What is secret in them appears in no message.
#[derive(Clone, Default)]
pub struct Credentials(Vec<(String, String)>);

impl Credentials {
    /// Keeps those that are about buckets.
    pub fn new(variables: impl Iterator<Item = (String, String)>) -> Credentials {
        let ours = |name: &str| {
            ["AWS_", "GOOGLE_", "AZURE_"].iter().any(|prefix| name.starts_with(prefix))
        };
        Credentials(variables.filter(|(name, _)| ours(name)).collect())
    }

    /// `text` without any secret value.
    fn redact(&self, text: String) -> String {
        let secret = |name: &str| {
            ["SECRET", "KEY", "TOKEN", "PASSWORD", "SAS"].iter().any(|word| name.contains(word))
        };
        let values = self.0.iter().filter(|(name, value)| secret(name) && value.len() > 3);
        let text = values.fold(text, |text, (_, value)| text.replace(value, "[hidden]"));
        // A signature in an address is as good as a password.
        let mut parts = text.split("sig=");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| {
            let end = part.find(|c: char| c == '&' || c.is_whitespace()).unwrap_or(part.len());
            text + "sig=[hidden]" + &part[end..]
        })
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

pub(super) struct Cloud {
    store: Arc<dyn ObjectStore>,
    runtime: Runtime,
    prefix: String,
    credentials: Credentials,
    large: (Mutex<usize>, Condvar),
}

impl Cloud {
    pub(super) fn open(
        scheme: Scheme,
        bucket: &str,
        prefix: &str,
        credentials: &Credentials,
    ) -> Result<Cloud> {
        // The one TLS implementation that is linked; a second call finds it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(PublishError::Client)?;
        let store = connect(scheme, bucket, credentials).map_err(|error| PublishError::Store {
            action: "open",
            path: format!("{}://{bucket}", scheme.name()),
            message: credentials.redact(told(&error)),
        })?;
        let (prefix, credentials) = (prefix.to_owned(), credentials.clone());
        let large = (Mutex::new(LARGE), Condvar::new());
        Ok(Cloud { store, runtime, prefix, credentials, large })
    }

    fn failed<'a>(
        &'a self,
        action: &'static str,
        path: &'a str,
    ) -> impl FnOnce(StoreError) -> PublishError + 'a {
        move |error| PublishError::Store {
            action,
            path: path.to_owned(),
            message: self.credentials.redact(told(&error)),
        }
    }

    fn key(&self, path: &str) -> Result<Key> {
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        Key::parse(format!("{}{slash}{path}", self.prefix))
            .map_err(|error| self.failed("name", path)(error.into()))
    }

    async fn parts(
        &self,
        upload: &mut Box<dyn MultipartUpload>,
        outgoing: Outgoing<'_>,
        mut file: File,
        from: &Path,
    ) -> Result<()> {
        let size = PART.max(outgoing.bytes.div_ceil(MAX_PARTS));
        let (mut hash, mut sent) = (Sha256::new(), 0);
        loop {
            let mut part = Vec::with_capacity(size.min(outgoing.bytes) as usize);
            let read = (&mut file).take(size).read_to_end(&mut part);
            read.map_err(|source| PublishError::Read { path: from.display().to_string(), source })?;
            if part.is_empty() {
                break;
            }
            hash.update(&part);
            sent += part.len() as u64;
            upload.put_part(part.into()).await.map_err(self.failed("send", outgoing.path))?;
        }
        let found = hex(&hash.finalize());
        if sent == outgoing.bytes && outgoing.sha256.is_none_or(|listed| listed == found) {
            return Ok(());
        }
        Err(PublishError::Changed { path: outgoing.path.to_owned() })
    }

    /// Waits until fewer than [`LARGE`] files are under way.
    fn enter(&self) -> Entered<'_> {
        let places = self.large.0.lock().unwrap_or_else(PoisonError::into_inner);
        let places = self.large.1.wait_while(places, |places| *places == 0);
        *places.unwrap_or_else(PoisonError::into_inner) -= 1;
        Entered(self)
    }
}

struct Entered<'a>(&'a Cloud);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        *self.0.large.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.large.1.notify_one();
    }
}

/// The innermost causes say what happened; the outer ones do not repeat them.
fn told(error: &StoreError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

fn connect(
    scheme: Scheme,
    bucket: &str,
    Credentials(variables): &Credentials,
) -> std::result::Result<Arc<dyn ObjectStore>, StoreError> {
    let http = variables.iter().any(|(name, value)| {
        name.ends_with("_ALLOW_HTTP") && matches!(value.as_str(), "1" | "true" | "yes")
    });
    let options = ClientOptions::new()
        .with_timeout(REQUEST)
        .with_connect_timeout(Duration::from_secs(20))
        .with_allow_http(http);
    let retry = RetryConfig { retry_timeout: RETRY, ..RetryConfig::default() };
    // Variables that the interface does not know are about something else.
    let known = variables.iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
    Ok(match scheme {
        Scheme::S3 => {
            let builder = AmazonS3Builder::new().with_client_options(options).with_retry(retry);
            let builder = known.fold(builder, |builder, (name, value)| match name.parse() {
                Ok(key) => builder.with_config(key, value),
                Err(_) => builder,
            });
            Arc::new(builder.with_bucket_name(bucket).build()?)
        }
        Scheme::Google => {
            let builder =
                GoogleCloudStorageBuilder::new().with_client_options(options).with_retry(retry);
            let builder = known.fold(builder, |builder, (name, value)| match name.parse() {
                Ok(key) => builder.with_config(key, value),
                Err(_) => builder,
            });
            Arc::new(builder.with_bucket_name(bucket).build()?)
        }
        Scheme::Azure => {
            let builder =
                MicrosoftAzureBuilder::new().with_client_options(options).with_retry(retry);
            let builder = known.fold(builder, |builder, (name, value)| match name.parse() {
                Ok(key) => builder.with_config(key, value),
                Err(_) => builder,
            });
            Arc::new(builder.with_container_name(bucket).build()?)
        }
    })
}

fn attributes(served: Served) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.insert(Attribute::ContentType, served.media_type.into());
    attributes.insert(Attribute::CacheControl, served.cache.into());
    if let Some(encoding) = served.encoding {
        attributes.insert(Attribute::ContentEncoding, encoding.into());
    }
    attributes
}

impl Target for Cloud {
    fn get(&self, path: &str, limit: u64) -> Result<Option<(Vec<u8>, Version)>> {
        let key = self.key(path)?;
        self.runtime.block_on(async {
            let found = match self.store.get(&key).await {
                Err(StoreError::NotFound { .. }) => return Ok(None),
                other => other.map_err(self.failed("read", path))?,
            };
            if found.meta.size > limit {
                let (path, message) = (path.to_owned(), format!("longer than {limit} bytes"));
                return Err(PublishError::Store { action: "read", path, message });
            }
            let version =
                Version { tag: found.meta.e_tag.clone(), number: found.meta.version.clone() };
            let bytes = found.bytes().await.map_err(self.failed("read", path))?;
            Ok(Some((bytes.to_vec(), version)))
        })
    }

    fn size(&self, path: &str) -> Result<Option<u64>> {
        let key = self.key(path)?;
        match self.runtime.block_on(self.store.head(&key)) {
            Err(StoreError::NotFound { .. }) => Ok(None),
            other => Ok(Some(other.map_err(self.failed("look at", path))?.size)),
        }
    }

    fn put(&self, path: &str, bytes: Vec<u8>, served: Served) -> Result<()> {
        let key = self.key(path)?;
        let options = PutOptions { attributes: attributes(served), ..PutOptions::default() };
        let put = self.store.put_opts(&key, PutPayload::from(bytes), options);
        self.runtime.block_on(put).map_err(self.failed("write", path))?;
        Ok(())
    }

    fn put_if(
        &self,
        path: &str,
        bytes: Vec<u8>,
        served: Served,
        condition: &Condition,
    ) -> Result<Option<Version>> {
        let key = self.key(path)?;
        let mode = match condition {
            Condition::Absent => PutMode::Create,
            Condition::Is(Version { tag, number }) => {
                PutMode::Update(UpdateVersion { e_tag: tag.clone(), version: number.clone() })
            }
        };
        let options = PutOptions { mode, attributes: attributes(served), ..PutOptions::default() };
        match self.runtime.block_on(self.store.put_opts(&key, bytes.into(), options)) {
            Ok(put) => Ok(Some(Version { tag: put.e_tag, number: put.version })),
            Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => Ok(None),
            Err(error) => Err(self.failed("write", path)(error)),
        }
    }

    fn send(&self, outgoing: Outgoing<'_>, file: File, from: &Path) -> Result<()> {
        let _entered = self.enter();
        let key = self.key(outgoing.path)?;
        let attributes = attributes(outgoing.served);
        let options = PutMultipartOptions { attributes, ..PutMultipartOptions::default() };
        let fail = |error| self.failed("send", outgoing.path)(error);
        self.runtime.block_on(async {
            let mut upload = self.store.put_multipart_opts(&key, options).await.map_err(fail)?;
            let done = match self.parts(&mut upload, outgoing, file, from).await {
                Ok(()) => upload.complete().await.map(|_| ()).map_err(fail),
                Err(error) => Err(error),
            };
            if done.is_err() {
                // Parts that cannot be removed now cost storage until the bucket's own rule for
                // unfinished uploads removes them; the failure is what matters.
                let _ = upload.abort().await;
            }
            done
        })
    }

    fn remove(&self, path: &str) -> Result<()> {
        let key = self.key(path)?;
        match self.runtime.block_on(self.store.delete(&key)) {
            Err(StoreError::NotFound { .. }) => Ok(()),
            other => other.map_err(self.failed("remove", path)),
        }
    }

    fn settle(&self) -> Result<()> {
        Ok(())
    }

    /// Creates an object twice, and replaces it under a wrong version: both second writes must
    /// be refused.
    fn probe(&self, owner: &str) -> Result<()> {
        // One of its own: another publisher's removal would look like a careless store.
        let path = format!("{STATE_DIR}/probe-{}", &sha256(owner.as_bytes())[..NAME_DIGITS]);
        self.remove(&path)?;
        let create = || self.put_if(&path, b"{}\n".to_vec(), SERVED, &Condition::Absent);
        let first = create()?;
        let created_twice = create()?.is_some();
        let wrong = Version {
            tag: Some("\"00000000000000000000000000000000\"".to_owned()),
            number: first.and_then(|version| version.number).map(|_| "1".to_owned()),
        };
        let replaced = self.put_if(&path, b"[]\n".to_vec(), SERVED, &Condition::Is(wrong))?;
        self.remove(&path)?;
        match (created_twice, replaced.is_some()) {
            (true, _) => Err(PublishError::Unfenced("If-None-Match")),
            (false, true) => Err(PublishError::Unfenced("If-Match")),
            (false, false) => Ok(()),
        }
    }

    fn is_exclusive(&self) -> bool {
        false
    }

    fn close(&self) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Credentials;

    #[test]
    fn no_message_holds_a_secret() {
        let variables = [
            ("AWS_SECRET_ACCESS_KEY", "s3cr3t/value"),
            ("AWS_REGION", "eu-west-1"),
            ("PATH", "/bin"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let credentials = Credentials::new(variables.into_iter());
        let text = "eu-west-1 refused s3cr3t/value at https://h/x?sv=1&sig=ab%2Fc&x=2 for sig=zz";
        assert_eq!(
            credentials.redact(text.to_owned()),
            "eu-west-1 refused [hidden] at https://h/x?sv=1&sig=[hidden]&x=2 for sig=[hidden]"
        );
        let shown = format!("{credentials:?}");
        assert_eq!(shown, r#"["AWS_SECRET_ACCESS_KEY", "AWS_REGION"]"#);
    }
}
