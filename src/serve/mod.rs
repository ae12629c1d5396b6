//! Floor 4: the read tier over a release directory.
//!
//! Serves the web root that a build wrote, as any static host would, with the extensionless
//! URLs, types, cache classes and security headers that the site expects. Keeps no state but
//! which release stands, writes nothing, knows no record: what is neither a file under the root
//! nor in a site pack of the standing release is a 404.
//!
//! Invariants: only `GET` and `HEAD`; no byte from outside the root, through whatever path,
//! encoding or symbolic link; memory a response is bounded by
//! one chunk or one group of a site pack, whatever the file; a
//! client that is slow on purpose holds few connections, and none for long ([`Limits`]).

mod answer;
mod body;
mod coding;
mod condition;
mod guests;
mod patience;
mod resolve;
mod root;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use guests::Guests;
use patience::Patient;
use root::Root;

/// How long running downloads may go on after the signal to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Why a server did not start or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The directory to serve cannot be read.
    #[error("cannot serve {path}", path = path.display())]
    Root {
        /// As given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The address cannot be bound.
    #[error("cannot listen on {addr}")]
    Bind {
        /// As given.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// The whole site as a service: `GET` and `HEAD` of every path under `root`.
///
/// # Errors
/// [`ServeError::Root`] when `root` is not a readable directory.
pub fn app(root: &Path) -> Result<Router, ServeError> {
    let fail = |source| ServeError::Root { path: root.to_owned(), source };
    // Links are followed once here, so that the root itself may be one.
    let canonical = root.canonicalize().map_err(fail)?;
    std::fs::read_dir(&canonical).map_err(fail)?;
    Ok(Router::new().fallback(handle).with_state(Arc::new(Root::new(canonical))))
}

async fn handle(State(root): State<Arc<Root>>, request: Request) -> Response {
    answer::answer(root, request).await
}

/// What a client may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Time to send a whole request head, also the time that an idle connection is kept.
    pub head: Duration,
    /// Time in which a client must take 30 KiB of an answer.
    pub patience: Duration,
    /// Open connections; more wait to be accepted.
    pub connections: usize,
    /// Open connections of one client address (one /64 of IPv6); more are closed at once.
    pub per_client: usize,
}

impl Default for Limits {
    /// 10 s, 30 s, 4096 and 256: behind a proxy all connections are from one client.
    fn default() -> Limits {
        Limits {
            head: Duration::from_secs(10),
            patience: Duration::from_secs(30),
            connections: 4096,
            per_client: 256,
        }
    }
}

/// Bytes that a request head may have; more are answered with 431.
const MAX_HEAD: usize = 16 * 1024;

/// Pause after an error of accepting, such as too many open files.
const BREATH: Duration = Duration::from_millis(50);

/// A bound, not yet running server: its address is known before the first request.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    app: Router,
    limits: Limits,
}

impl Server {
    /// Binds `addr`; port 0 takes a free one.
    ///
    /// # Errors
    /// [`ServeError::Root`], [`ServeError::Bind`].
    pub async fn bind(root: &Path, addr: SocketAddr) -> Result<Server, ServeError> {
        let app = app(root)?;
        let fail = |source| ServeError::Bind { addr, source };
        let listener = TcpListener::bind(addr).await.map_err(fail)?;
        Ok(Server { listener, app, limits: Limits::default() })
    }

    /// The same server with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Server {
        Server { limits, ..self }
    }

    /// The address that clients reach.
    ///
    /// # Errors
    /// What the system says of the socket.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` resolves, then lets running responses finish for ten seconds.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        let (closing, closed) = watch::channel(());
        let places = Arc::new(Semaphore::new(self.limits.connections));
        let guests = Guests::default();
        tokio::select! {
            () = stop => {}
            () = self.accept(&places, &guests, &closed) => {}
        }
        // Connections hear of it, and their places come back as they end.
        drop(closed);
        let _ = closing.send(());
        let all = u32::try_from(self.limits.connections).unwrap_or(u32::MAX);
        let _ = tokio::time::timeout(GRACE, places.acquire_many(all)).await;
    }

    /// Takes connections for ever. A place is taken before a connection is: those who wait,
    /// wait in the system's queue.
    async fn accept(&self, places: &Arc<Semaphore>, guests: &Guests, closed: &watch::Receiver<()>) {
        loop {
            let Ok(place) = Arc::clone(places).acquire_owned().await else { return };
            let Ok((stream, peer)) = self.listener.accept().await else {
                tokio::time::sleep(BREATH).await;
                continue;
            };
            let Some(seat) = guests.admit(peer.ip(), self.limits.per_client) else { continue };
            let (app, limits, closed) = (self.app.clone(), self.limits, closed.clone());
            tokio::spawn(async move {
                converse(stream, app, limits, closed).await;
                drop((seat, place));
            });
        }
    }
}

/// One connection from its first request to its last.
async fn converse(stream: TcpStream, app: Router, limits: Limits, mut closed: watch::Receiver<()>) {
    let io = TokioIo::new(Patient::new(stream, limits.patience));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head).max_buf_size(MAX_HEAD);
    let connection = http.serve_connection(io, TowerToHyperService::new(app));
    let mut connection = std::pin::pin!(connection);
    // What ends a connection is the client's business: it went away, was too slow, or sent
    // what is not HTTP.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = closed.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// Binds and serves until Ctrl-C or, on Unix, `SIGTERM`.
///
/// # Errors
/// As [`Server::bind`].
pub async fn run(root: &Path, addr: SocketAddr) -> Result<(), ServeError> {
    Server::bind(root, addr).await?.run(interrupted()).await;
    Ok(())
}

/// Resolves at Ctrl-C or, on Unix, `SIGTERM`.
pub async fn interrupted() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let terminate = async {
            match signal(SignalKind::terminate()) {
                Ok(mut signals) => {
                    signals.recv().await;
                }
                Err(_) => std::future::pending::<()>().await,
            }
        };
        tokio::select! {
            () = interrupt => {}
            () = terminate => {}
        }
    }
    #[cfg(not(unix))]
    interrupt.await;
}
