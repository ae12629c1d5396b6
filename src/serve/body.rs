//! A response body that reads a stretch of a file, one chunk at a time.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::fs::File;
use tokio::io::{AsyncRead, ReadBuf};

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
