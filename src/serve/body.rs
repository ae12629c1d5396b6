//! Response bodies that read a stretch of a file, or of what a site pack holds, one chunk at a
//! time.

use std::future::Future as _;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::fs::File;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::task::{JoinHandle, spawn_blocking};

/// Bytes held in memory for one response.
const CHUNK: usize = 64 * 1024;

/// The next `remaining` bytes of a file.
#[derive(Debug)]
pub(crate) struct FileBody {
    file: File,
    remaining: u64,
    chunk: Vec<u8>,
}

impl FileBody {
    /// Streams `remaining` bytes from where `file` stands.
    pub(crate) fn new(file: std::fs::File, remaining: u64) -> FileBody {
        FileBody { file: File::from_std(file), remaining, chunk: Vec::new() }
    }
}

impl HttpBody for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        if this.remaining == 0 {
            return Poll::Ready(None);
        }
        let want = usize::try_from(this.remaining).unwrap_or(CHUNK).min(CHUNK);
        this.chunk.resize(want, 0);
        let mut buffer = ReadBuf::new(&mut this.chunk);
        ready!(Pin::new(&mut this.file).poll_read(context, &mut buffer))?;
        let read = buffer.filled().len();
        if read == 0 {
            // Shorter than announced: breaking the connection tells the client so.
            this.remaining = 0;
            return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
        }
        this.chunk.truncate(read);
        this.remaining -= read as u64;
        let chunk = Bytes::from(std::mem::take(&mut this.chunk));
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining)
    }
}

/// The next `remaining` bytes of a reader that works, and may block: each chunk is made on a
/// thread that may.
pub(crate) struct UnpackBody {
    turn: Turn,
    remaining: u64,
}

type Source = Box<dyn Read + Send>;

enum Turn {
    Idle(Source),
    Busy(JoinHandle<io::Result<(Source, Vec<u8>)>>),
    Over,
}

impl UnpackBody {
    pub(crate) fn new(source: Source, remaining: u64) -> UnpackBody {
        UnpackBody { turn: Turn::Idle(source), remaining }
    }
}

/// At most `most` bytes, less only at the end.
fn read(mut source: Source, most: u64) -> io::Result<(Source, Vec<u8>)> {
    let mut chunk = Vec::new();
    (&mut source).take(most).read_to_end(&mut chunk)?;
    if (chunk.len() as u64) < most {
        // Shorter than announced: breaking the connection tells the client so.
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok((source, chunk))
}

impl HttpBody for UnpackBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        if this.remaining == 0 {
            return Poll::Ready(None);
        }
        loop {
            match std::mem::replace(&mut this.turn, Turn::Over) {
                Turn::Over => return Poll::Ready(None),
                Turn::Idle(source) => {
                    let most = this.remaining.min(CHUNK as u64);
                    this.turn = Turn::Busy(spawn_blocking(move || read(source, most)));
                }
                Turn::Busy(mut busy) => {
                    let Poll::Ready(done) = Pin::new(&mut busy).poll(context) else {
                        this.turn = Turn::Busy(busy);
                        return Poll::Pending;
                    };
                    return Poll::Ready(Some(
                        match done.unwrap_or_else(|e| Err(io::Error::other(e))) {
                            Ok((source, chunk)) => {
                                this.remaining -= chunk.len() as u64;
                                this.turn = Turn::Idle(source);
                                Ok(Frame::data(Bytes::from(chunk)))
                            }
                            Err(error) => Err(error),
                        },
                    ));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining)
    }
}
