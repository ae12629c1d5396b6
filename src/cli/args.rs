//! The command line as data: what can be asked, not how it is done.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Print a whole research repository as static files
///
/// Offprint reads records into a local store and writes everything that readers, harvesters
/// and mirrors ask for as plain files: metadata dumps, landing pages, exports.
#[derive(Debug, Parser)]
#[command(name = "offprint", version, propagate_version = true, disable_help_subcommand = true)]
#[command(after_help = "Examples:
  offprint init repo
  offprint -C repo import records.jsonl.gz records-xml.tar.gz
  offprint -C repo build
  offprint verify repo/public
  offprint serve repo/public --addr 127.0.0.1:8080

Exit codes: 0 all good, 1 failed, 2 wrong usage, 3 done with exceptions")]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub(super) struct Global {
    /// Work on the repository in this directory
    #[arg(short = 'C', long = "directory", value_name = "DIR", default_value = ".", global = true)]
    pub(super) directory: PathBuf,
    /// Override a configuration key, as in --set dump.level=9 (can be repeated)
    #[arg(long = "set", value_name = "KEY=VALUE", global = true)]
    pub(super) sets: Vec<String>,
    /// Print the result as one JSON object on standard output
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Print errors only
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Log what happens inside, to standard error (can be repeated)
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(super) verbose: u8,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Init(Init),
    Import(Import),
    Build(Build),
    Verify(Verify),
    Pull(Pull),
    Unpack(Unpack),
    Serve(Serve),
    Publish(Publish),
    Purge(Purge),
    Sign(Sign),
    Keygen(Keygen),
    Hosting(Hosting),
    Show(Show),
    Cat(Cat),
    Search(Search),
    Synth(Synth),
    #[command(hide = true)]
    Bench(Bench),
    /// Print shell completions
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Write manual pages into a directory
    Man {
        /// Where to
        dir: PathBuf,
    },
}

/// Search the records of a release, with the syntax of its search page
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  offprint search repo/public climate model
  offprint search https://repository.example/ '\"sea ice\" type:dataset year:2020-' --newest
  offprint search repo/public 'creators:doe AND -keywords:draft' --json

Words are looked for in all fields; quotes make phrases, - leaves out, clim* stands for every word
that begins so. Fields: title, creators, keywords, doi, orcid, communities, funder, type, access,
license, year. versions:all also finds older versions.")]
pub(super) struct Search {
    /// Web root: a directory or a URL
    #[arg(default_value = ".")]
    pub(super) root: String,
    /// What to look for
    pub(super) query: Vec<String>,
    /// Most records shown
    #[arg(short = 'n', long, default_value_t = 10)]
    pub(super) limit: usize,
    /// Records left out at the beginning
    #[arg(long, default_value_t = 0)]
    pub(super) offset: usize,
    /// Newest first
    #[arg(long)]
    pub(super) newest: bool,
    /// Say how much was read
    #[arg(long)]
    pub(super) stats: bool,
    /// Print the tokens of the lines of standard input instead
    #[arg(long, hide = true)]
    pub(super) tokens: bool,
}

/// Make a repository: offprint.toml and an empty record store
#[derive(Debug, Args)]
#[command(after_help = "Example:
  offprint init repo        # repo/offprint.toml, repo/store.db")]
pub(super) struct Init {
    /// Directory to make; must not hold a repository yet
    #[arg(default_value = ".")]
    pub(super) dir: PathBuf,
}

/// Read records into the store
///
/// Reads NDJSON, tar archives with one record per member, folders, single files and standard
/// input, plain or compressed (.gz, .zst, .bz2); native InvenioRDM JSON, legacy Zenodo JSON,
/// DataCite JSON and XML, and the records-deleted.csv ledger. What a file holds is found by
/// looking, not by its name. Running an import again changes nothing; an interrupted one
/// goes on where it stopped. Bad records are listed in rejects/ and the rest goes on.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  offprint -C repo import records.jsonl.gz
  offprint -C repo import records-xml.tar.gz records-deleted.csv.gz xml-folder/
  zcat more.jsonl.gz | offprint -C repo import -

Exit code 3 means: done, but some records were rejected")]
pub(super) struct Import {
    /// Files, folders, archives; - is standard input
    #[arg(required = true, value_name = "SOURCE")]
    pub(super) sources: Vec<PathBuf>,
    /// Take every record as this format instead of detecting it
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<InputFormat>,
    /// Stop at the first bad record
    #[arg(long)]
    pub(super) strict: bool,
    /// The sources are the whole repository: tombstone what they do not hold
    #[arg(long)]
    pub(super) complete: bool,
    /// Bring back records that were purged, instead of rejecting them
    #[arg(long)]
    pub(super) allow_purged: bool,
}

/// Input formats that can be forced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum InputFormat {
    /// InvenioRDM record JSON
    Native,
    /// Zenodo's older REST JSON
    Legacy,
    /// DataCite JSON, plain or REST API
    DataciteJson,
    /// DataCite XML, bare or in oai_datacite
    DataciteXml,
}

/// Print the store as a release
///
/// Writes packs, manifest and pages into the web root and moves the pointer release.json
/// last: until then the previous release stands, and a killed build is finished by running
/// it again. If nothing changed, nothing is written.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  offprint -C repo build
  offprint -C repo build --as-of 2026-11-01T00:00:00Z --json

Exit code 3 means: done, but some records are in exceptions.ndjson")]
pub(super) struct Build {
    /// Time the release claims to describe, RFC 3339; decides embargoes and the release id
    #[arg(long, value_name = "TIME")]
    pub(super) as_of: Option<String>,
    /// Ignore the previous release's artifacts and make everything anew
    #[arg(long)]
    pub(super) full: bool,
    /// Go on if there are far fewer public records than before (dump.max_shrink)
    #[arg(long)]
    pub(super) allow_shrink: bool,
    /// Worker threads; short for --set build.threads=N
    #[arg(long, value_name = "N")]
    pub(super) threads: Option<usize>,
}

/// Check a release against its manifest
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  offprint verify repo/public
  offprint verify mirror --depth full --json")]
pub(super) struct Verify {
    /// Web root of the release, a path or an http(s) URL
    pub(super) release: String,
    /// How closely to look
    #[arg(long, default_value = "sampled")]
    pub(super) depth: Depth,
    /// Check signature and log with this public key: a file, or the key itself
    #[arg(long, value_name = "PUBLIC_KEY")]
    pub(super) key: Option<String>,
    /// Remember in this file which log entry was accepted, and refuse what is older
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(super) seen: Option<PathBuf>,
    /// Replace what is bad or missing by what this copy has: a path or an http(s) URL
    #[arg(long, value_name = "FROM")]
    pub(super) repair: Option<String>,
}

/// How closely `verify` looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Depth {
    /// Sizes, digests of the small files, tails of the packs
    Quick,
    /// Every byte, and the records of every 16th frame
    Sampled,
    /// Every byte and every record
    Full,
}

/// Mirror a release
///
/// Fetches what the mirror does not have from any static host or directory, several files at a
/// time, dumps as deltas where that is less, and moves the pointer last: until then the release
/// before stands. An interrupted pull goes on where it stopped. If nothing changed, it costs one
/// small request.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  offprint pull https://repository.example mirror && offprint verify mirror
  offprint pull https://repository.example mirror --key repository.pub
  offprint pull https://repository.example mirror --rebuild
  offprint pull https://repository.example mirror --select dumps --json")]
pub(super) struct Pull {
    /// Web root of the release, an http(s) URL or a path
    pub(super) release: String,
    /// Directory of the mirror
    pub(super) dir: PathBuf,
    /// What to mirror; what the release does not have is passed over
    #[arg(long, value_delimiter = ',', default_value = "dumps,site,search")]
    pub(super) select: Vec<Select>,
    /// Requests under way at once
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(super) connections: usize,
    /// Fetch packs whole, never deltas
    #[arg(long)]
    pub(super) no_deltas: bool,
    /// Fetch of the packs only those of native JSON, or their part of the deltas, and make of
    /// them the other packs, pages and exports; what does not come out as the manifest lists it is
    /// fetched
    #[arg(long)]
    pub(super) rebuild: bool,
    /// Believe only what this public key signed, a file or the line itself: no other release, no
    /// older one, none that expired. Once used, it is always needed
    #[arg(long, value_name = "PUB")]
    pub(super) key: Option<String>,
}

/// Parts of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Select {
    /// Packs and what describes them
    Dumps,
    /// Pages, exports, assets
    Site,
    /// The search index
    Search,
}

/// Copy the release to where it is served from
///
/// Sends what the target has not: packs and other objects first, then pages, then the
/// pointers, release.json last; until then the earlier release stands. A publication that was
/// killed is finished by the next. Credentials of buckets come from the environment (AWS_…,
/// GOOGLE_…, AZURE_…), as their own tools read them.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  offprint -C repo publish /srv/www
  offprint -C repo publish s3://bucket/prefix --dry-run
  AWS_ENDPOINT=http://127.0.0.1:9000 AWS_ALLOW_HTTP=true offprint -C repo publish s3://bucket")]
pub(super) struct Publish {
    /// A directory, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX
    pub(super) target: String,
    /// Say what would be sent and removed, and do nothing; with -v or --json, name the files
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Send everything, whatever the target is known to have
    #[arg(long)]
    pub(super) again: bool,
    /// Publish to a store that does not honour conditional writes; nothing then keeps two
    /// publishers apart
    #[arg(long)]
    pub(super) no_fence: bool,
}

/// Take records down: remove every byte of them from the repository at once
///
/// Each record becomes a tombstone for good; the store, the build's own files and the lists of
/// rejected records are written anew without it, and a release is made beside which no earlier
/// one stays: their packs, deltas and search indexes go. What remains says that there was a
/// record: its tombstone page and its line in deleted.csv.gz. Run it again if it was interrupted.
/// Publishing then removes the same from each target, without grace.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  offprint -C repo purge 123456 --reason take-down-request --dry-run
  offprint -C repo purge 123456 123457 --reason personal-data --yes
  offprint -C repo purge 123456 --reason copyright --note \"Removed on request\" --yes --json

Reasons: copyright, disputed-authorship, duplicate, fraud, misconduct, out-of-scope, personal-data,
replaced, retracted, spam, take-down-request, test-record, or words of your own, which become the
public note. Files that records were imported from, backups and copies elsewhere are not touched.")]
pub(super) struct Purge {
    /// Record ids
    #[arg(required = true, value_name = "ID")]
    pub(super) ids: Vec<String>,
    /// Why, for the tombstone: one of the reasons below, or words of your own
    #[arg(long, value_name = "REASON")]
    pub(super) reason: String,
    /// A public note for the tombstone
    #[arg(long, value_name = "TEXT")]
    pub(super) note: Option<String>,
    /// Do it without asking
    #[arg(long)]
    pub(super) yes: bool,
    /// Say what would go, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// As-of of the release that is made, when it is not now
    #[arg(long, value_name = "TIME")]
    pub(super) as_of: Option<String>,
}

/// Turn the site packs of a release into files, for a host that serves only those
///
/// Every file is checked on its way. Equal files stay, so an interrupted run goes on; what the
/// release does not list is removed; pointers move last.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  offprint unpack repo/public /srv/site
  offprint unpack https://mirror.example /srv/site")]
pub(super) struct Unpack {
    /// Web root of a release built with site.form = \"packs\", a path or an http(s) URL
    pub(super) release: String,
    /// Directory to fill: new, empty, or a web root
    pub(super) dest: PathBuf,
}

/// Serve a release over HTTP
#[derive(Debug, Args)]
#[command(after_help = "Example:
  offprint serve repo/public --addr 127.0.0.1:8080")]
pub(super) struct Serve {
    /// Web root of the release
    pub(super) dir: PathBuf,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "HOST:PORT")]
    pub(super) addr: std::net::SocketAddr,
}

/// Sign the standing release and its place in the log of releases
///
/// Writes manifest.json.minisig, an entry of dumps/log.ndjson and the log's signature, which
/// `minisign -V` verifies. Where sign.key is set, `build` does it by itself. Run it again at
/// least monthly: entries expire, so that a mirror that is kept from updates finds out.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  offprint -C repo keygen
  offprint -C repo sign --key offprint.key
  OFFPRINT_SIGN_PASSWORD=… offprint -C repo sign")]
pub(super) struct Sign {
    /// The secret key, when it is not sign.key
    #[arg(long, value_name = "FILE")]
    pub(super) key: Option<PathBuf>,
    /// Days until the entry expires
    #[arg(long, value_name = "N")]
    pub(super) days: Option<u64>,
}

/// Make a key pair for signing releases
///
/// Encrypted with the password in OFFPRINT_SIGN_PASSWORD, if there is one. Keys of the stock
/// minisign program work as well.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  offprint -C repo keygen      # repo/offprint.key, repo/offprint.pub")]
pub(super) struct Keygen {
    /// The secret key's file; the public one ends in .pub
    #[arg(default_value = "offprint.key")]
    pub(super) key: PathBuf,
}

/// Print a configuration for the host that serves the web root
///
/// Extensionless addresses, media types, cache classes, security headers, redirects of older
/// addresses, 404 and 410: what `offprint serve` answers, said to another server.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  offprint -C repo hosting nginx > /etc/nginx/conf.d/offprint.conf
  offprint -C repo hosting caddy --root /srv/site --listen 127.0.0.1:8080
  offprint -C repo hosting s3 | jq .CORSConfiguration")]
pub(super) struct Hosting {
    /// Which host
    #[arg(value_parser = host_names())]
    pub(super) host: String,
    /// Web root on the host, when it is not where this repository has it
    #[arg(long, value_name = "PATH")]
    pub(super) root: Option<PathBuf>,
    /// Address to listen on, when it is not that of repository.base_url
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(super) listen: Option<String>,
}

/// Print one record of the store in any format
#[derive(Debug, Args)]
#[command(after_help = "Example:
  offprint -C repo show 123456 --format bibtex")]
pub(super) struct Show {
    /// Record id
    pub(super) id: String,
    /// Format to print
    #[arg(long, default_value = "native-json", value_parser = format_names())]
    pub(super) format: String,
    /// Time that decides embargoes; default now
    #[arg(long, value_name = "TIME")]
    pub(super) as_of: Option<String>,
}

/// Print records of a release from its dumps
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  offprint cat repo/public --format native-json          # every record, one a line
  offprint cat https://repository.example --format datacite-xml --id 123456
  offprint cat https://repository.example --since 20261001T000000Z    # what changed since")]
pub(super) struct Cat {
    /// Web root of the release, a path or an http(s) URL
    pub(super) dump: String,
    /// Dump format to read
    #[arg(long, default_value = "native-json", value_parser = dump_format_names())]
    pub(super) format: String,
    /// Print this record only; costs a few range requests
    #[arg(long)]
    pub(super) id: Option<String>,
    /// Print what changed since this release: new and edited records, and a line
    /// {"deleted":…,"id":…,"reason":…} for each that went
    #[arg(long, value_name = "RELEASE", conflicts_with = "id")]
    pub(super) since: Option<String>,
    /// With --since: write the lines of what went to this file; XML has them on standard error
    /// otherwise
    #[arg(long, value_name = "FILE", requires = "since")]
    pub(super) deletes: Option<PathBuf>,
    /// Tell requests and bytes on standard error
    #[arg(long)]
    pub(super) stats: bool,
}

/// Print synthetic records: N of them, seeded, calibrated on real statistics
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  offprint synth 100000 --seed 1 > records.jsonl
  offprint synth 100000 --seed 1 --month 2 > changes.jsonl   # what the next month brings")]
pub(super) struct Synth {
    /// Records in month 1
    pub(super) records: u64,
    /// Same seed, same bytes
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Print only what this month brings: new, edited and withdrawn records
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1200))]
    pub(super) month: u32,
}

/// Measure one stage in one thread, output discarded
#[derive(Debug, Args)]
pub(super) struct Bench {
    /// `parse`, `pages`, a format; of the repository that was built of the records: `search`, or
    /// `index` (tantivy alone)
    pub(super) stage: String,
    /// NDJSON of native records
    pub(super) records: PathBuf,
}

fn format_names() -> Vec<&'static str> {
    crate::crosswalk::Format::ALL.iter().map(|format| format.name()).collect()
}

fn host_names() -> Vec<&'static str> {
    crate::build::hosting::Host::ALL.iter().map(|host| host.name()).collect()
}

fn dump_format_names() -> Vec<&'static str> {
    crate::crosswalk::Format::DUMPS.iter().map(|format| format.name()).collect()
}
