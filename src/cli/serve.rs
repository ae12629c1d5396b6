//! `offprint serve`

use anyhow::Result;

use super::args::Serve;
use super::exit::Exit;
use super::terminal::say;
use crate::serve::{Server, interrupted};

pub(super) fn run(serve: &Serve) -> Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let server = Server::bind(&serve.dir, serve.addr).await?;
        // The port the system chose, when the caller asked for port 0.
        let address = server.local_addr()?;
        say(false, format_args!("serving {} at http://{address}/", serve.dir.display()));
        server.run(interrupted()).await;
        Ok::<(), anyhow::Error>(())
    })?;
    Ok(Exit::Success)
}
