//! Floor 4: the read tier over a release directory.
//!
//! Serves the web root that a build wrote, as any static host would, with the extensionless
//! URLs, types, cache classes and security headers that the site expects. Keeps no state,
//! writes nothing, knows no record: what is not a file under the root is a 404.
//!
//! Invariants: only `GET` and `HEAD`; no byte from outside the root, through whatever path,
//! encoding or symbolic link; memory a response is bounded by one chunk, whatever the file.

mod answer;
mod body;
mod coding;
mod condition;
mod resolve;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use tokio::net::TcpListener;

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
    /// Accepting connections failed.
    #[error("the server stopped")]
    Serve(#[source] io::Error),
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
    Ok(Router::new().fallback(handle).with_state(Arc::from(canonical)))
}

async fn handle(State(root): State<Arc<Path>>, request: Request) -> Response {
    answer::answer(root, request).await
}

/// A bound, not yet running server: its address is known before the first request.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    app: Router,
}

impl Server {
    /// Binds `addr`; port 0 takes a free one.
    ///
    /// # Errors
    /// [`ServeError::Root`], [`ServeError::Bind`].
    pub async fn bind(root: &Path, addr: SocketAddr) -> Result<Server, ServeError> {
        let app = app(root)?;
        let fail = |source| ServeError::Bind { addr, source };
        Ok(Server { listener: TcpListener::bind(addr).await.map_err(fail)?, app })
    }

    /// The address that clients reach.
    ///
    /// # Errors
    /// What the system says of the socket.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` resolves, then lets running responses finish for ten seconds.
    ///
    /// # Errors
    /// [`ServeError::Serve`].
    pub async fn run(self, stop: impl Future<Output = ()> + Send) -> Result<(), ServeError> {
        let (closing, closed) = tokio::sync::watch::channel(false);
        let wait = |mut closed: tokio::sync::watch::Receiver<bool>| async move {
            // An error means that the sender is gone, which ends the server just as well.
            let _ = closed.wait_for(|closing| *closing).await;
        };
        let serve =
            axum::serve(self.listener, self.app).with_graceful_shutdown(wait(closed.clone()));
        let deadline = async {
            stop.await;
            closing.send_replace(true);
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            end = serve.into_future() => end.map_err(ServeError::Serve),
            () = deadline => Ok(()),
        }
    }
}

/// Binds and serves until Ctrl-C or, on Unix, `SIGTERM`.
///
/// # Errors
/// As [`Server::bind`] and [`Server::run`].
pub async fn run(root: &Path, addr: SocketAddr) -> Result<(), ServeError> {
    Server::bind(root, addr).await?.run(interrupted()).await
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
