//! Bounded reading of one output pipe, from spawn to end of file.
//!
//! The pipe is drained for ever, so a plugin never blocks on its output. What
//! is kept is bounded: the first lines, the last lines, and counts of the rest.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Bytes of whole lines kept from the start of a stream.
const HEAD_BYTES: usize = 512 << 10;

/// Bytes of whole lines kept from the end of a stream.
const TAIL_BYTES: usize = 256 << 10;
/// Bytes that a text of last lines holds.
const TEXT_BYTES: usize = 64 << 10;
/// Bytes of one line in such a text; longer than any legal handshake line.
const TEXT_LINE_BYTES: usize = 8 << 10;

/// One line of output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputLine {
    /// Number in its stream, from 1.
    pub number: u64,
    /// Time since the process was started.
    pub at: Duration,
    /// The bytes without the newline, at most [`crate::limits::Limits::log_line_bytes`].
    pub bytes: Vec<u8>,
    /// How long the line really was, in bytes.
    pub length: u64,
    /// Whether a newline ended it; else the stream did.
    pub newline: bool,
}

/// What one pipe has carried so far.
#[derive(Debug)]
pub struct Capture {
    shared: Arc<Shared>,
    reader: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
    started: Instant,
    line_bytes: usize,
    tail_lines: usize,
    echo: bool,
}

#[derive(Debug, Default)]
struct State {
    head: Vec<OutputLine>,
    head_bytes: usize,
    tail: VecDeque<OutputLine>,
    tail_bytes: usize,
    partial: Vec<u8>,
    partial_length: u64,
    partial_at: Duration,
    lines: u64,
    bytes: u64,
    longest: u64,
    ended: bool,
}

impl Capture {
    /// Starts draining `pipe`. Lines are cut at `line_bytes`, and the last
    /// `tail_lines` are kept beside the first ones.
    pub(crate) fn start(
        pipe: OwnedFd,
        started: Instant,
        line_bytes: usize,
        tail_lines: usize,
        echo: bool,
    ) -> std::io::Result<Self> {
        let mut pipe = pipe::Receiver::from_owned_fd(pipe)?;
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Notify::new(),
            started,
            line_bytes,
            tail_lines,
            echo,
        });
        let sink = Arc::clone(&shared);
        let reader = tokio::spawn(async move {
            let mut buffer = vec![0; 16 << 10];
            loop {
                match pipe.read(&mut buffer).await {
                    Ok(0) | Err(_) => break,
                    Ok(read) => sink.take(&buffer[..read]),
                }
            }
            sink.end();
        });
        Ok(Capture {
            shared,
            reader: Some(reader),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.lock()
    }

    /// Waits for the first whole line, for `most` bytes without a newline, or
    /// for the end of the stream; returns what has arrived of line one.
    pub(crate) async fn first_line(&self, most: usize) -> Option<OutputLine> {
        loop {
            let changed = self.shared.changed.notified();
            {
                let state = self.state();
                if let Some(line) = state.head.first() {
                    return Some(line.clone());
                }
                if state.partial.len() >= most {
                    return Some(state.partial_line());
                }
                if state.ended {
                    return None;
                }
            }
            changed.await;
        }
    }

    /// What has arrived of a line that has no newline yet.
    pub fn unfinished(&self) -> Option<OutputLine> {
        let state = self.state();
        (state.partial_length > 0).then(|| state.partial_line())
    }

    /// Waits until the stream has ended, at most `limit`; whether it has.
    pub async fn ended_within(&self, limit: Duration) -> bool {
        tokio::time::timeout(limit, async {
            loop {
                let changed = self.shared.changed.notified();
                if self.state().ended {
                    return;
                }
                changed.await;
            }
        })
        .await
        .is_ok()
    }

    /// Waits until `wanted` says yes to what has arrived, at most `limit`.
    pub async fn wait_for(&self, limit: Duration, wanted: impl Fn(&Capture) -> bool) -> bool {
        tokio::time::timeout(limit, async {
            loop {
                let changed = self.shared.changed.notified();
                if wanted(self) {
                    return;
                }
                changed.await;
            }
        })
        .await
        .is_ok()
    }

    /// Stops reading and closes our end of the pipe; later writes by the
    /// plugin fail with `EPIPE`. For us the stream has ended then.
    pub async fn close(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.abort();
            // The pipe is closed once the task is gone.
            let _ = reader.await;
            self.shared.end();
        }
    }

    /// The kept lines, oldest first; those between head and tail are missing
    /// once the stream outgrew the bounds.
    pub fn lines(&self) -> Vec<OutputLine> {
        let state = self.state();
        let mut lines = state.head.clone();
        let seen = lines.last().map_or(0, |line| line.number);
        lines.extend(state.tail.iter().filter(|line| line.number > seen).cloned());
        if state.partial_length > 0 {
            lines.push(state.partial_line());
        }
        lines
    }

    /// The last `most` lines as text, as far as they fit 64 KiB; long lines
    /// are cut and invalid UTF-8 is replaced.
    pub fn tail(&self, most: usize) -> Vec<String> {
        self.tail_behind(0, most)
    }

    /// The same of the lines behind the one with this number.
    pub fn tail_behind(&self, number: u64, most: usize) -> Vec<String> {
        let state = self.state();
        let seen = state.head.last().map_or(0, |line| line.number);
        let later = state.tail.iter().filter(|line| line.number > seen);
        let partial = (state.partial_length > 0).then(|| state.partial_line());
        let mut room = TEXT_BYTES.min(most.saturating_mul(TEXT_LINE_BYTES));
        let mut text: Vec<String> = partial
            .iter()
            .chain(later.rev())
            .chain(state.head.iter().rev())
            .filter(|line| line.number > number)
            .take(most)
            .map_while(|line| {
                let shown = &line.bytes[..line.bytes.len().min(TEXT_LINE_BYTES)];
                room = room.checked_sub(shown.len())?;
                Some(String::from_utf8_lossy(shown).into_owned())
            })
            .collect();
        text.reverse();
        text
    }

    /// Waits for a whole line that is wanted, or for the end of the stream, at
    /// most `limit`; each line is looked at once.
    pub(crate) async fn find_line(&self, limit: Duration, wanted: impl Fn(&OutputLine) -> bool) {
        let search = async {
            let mut seen = 0;
            loop {
                let changed = self.shared.changed.notified();
                {
                    let state = self.state();
                    let new = |line: &&OutputLine| line.number > seen;
                    let lines = state.head.iter().chain(&state.tail).filter(new);
                    if state.ended || lines.clone().any(&wanted) {
                        return;
                    }
                    seen = state.lines;
                }
                changed.await;
            }
        };
        let _ = tokio::time::timeout(limit, search).await;
    }

    /// Whole lines seen, kept or not.
    pub fn line_count(&self) -> u64 {
        self.state().lines
    }

    /// Bytes seen, kept or not.
    pub fn byte_count(&self) -> u64 {
        self.state().bytes
    }

    /// Length of the longest line seen, in bytes.
    pub fn longest_line(&self) -> u64 {
        let state = self.state();
        state.longest.max(state.partial_length)
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        if let Some(reader) = &self.reader {
            reader.abort();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn take(&self, mut bytes: &[u8]) {
        let mut state = self.lock();
        state.bytes += bytes.len() as u64;
        while let Some(at) = bytes.iter().position(|&byte| byte == b'\n') {
            state.extend(&bytes[..at], self);
            state.finish(true, self);
            bytes = &bytes[at + 1..];
        }
        state.extend(bytes, self);
        drop(state);
        self.changed.notify_waiters();
    }

    fn end(&self) {
        let mut state = self.lock();
        if state.partial_length > 0 {
            state.finish(false, self);
        }
        state.ended = true;
        drop(state);
        self.changed.notify_waiters();
    }
}

impl State {
    fn extend(&mut self, bytes: &[u8], shared: &Shared) {
        if bytes.is_empty() {
            return;
        }
        if self.partial_length == 0 {
            self.partial_at = shared.started.elapsed();
        }
        self.partial_length += bytes.len() as u64;
        let room = shared.line_bytes.saturating_sub(self.partial.len());
        self.partial
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn partial_line(&self) -> OutputLine {
        OutputLine {
            number: self.lines + 1,
            at: self.partial_at,
            bytes: self.partial.clone(),
            length: self.partial_length,
            newline: false,
        }
    }

    fn finish(&mut self, newline: bool, shared: &Shared) {
        if self.partial_length == 0 {
            self.partial_at = shared.started.elapsed();
        }
        let line = OutputLine {
            newline,
            ..self.partial_line()
        };
        self.partial.clear();
        self.partial_length = 0;
        self.lines += 1;
        self.longest = self.longest.max(line.length);
        if shared.echo {
            crate::echo::line(&line.bytes);
        }
        if self.head_bytes + line.bytes.len() <= HEAD_BYTES
            && self.head.len() < 4096
            && self.head.len() as u64 + 1 == line.number
        {
            self.head_bytes += line.bytes.len();
            self.head.push(line);
        } else {
            self.tail_bytes += line.bytes.len();
            self.tail.push_back(line);
            while self.tail.len() > shared.tail_lines || self.tail_bytes > TAIL_BYTES {
                let Some(oldest) = self.tail.pop_front() else {
                    break;
                };
                self.tail_bytes -= oldest.bytes.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn piped(write: impl FnOnce(&mut std::fs::File)) -> OwnedFd {
        let (read, write_end) = std::io::pipe().unwrap();
        let mut file = std::fs::File::from(OwnedFd::from(write_end));
        write(&mut file);
        OwnedFd::from(read)
    }

    #[tokio::test]
    async fn lines_are_counted_and_cut() {
        let pipe = piped(|file| {
            file.write_all(b"one\n\n").unwrap();
            file.write_all(&[b'x'; 300]).unwrap();
            file.write_all(b"\nlast").unwrap();
        });
        let capture = Capture::start(pipe, Instant::now(), 100, 2, false).unwrap();
        assert!(capture.ended_within(Duration::from_secs(5)).await);
        let lines = capture.lines();
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[0].bytes, b"one");
        assert_eq!(lines[1].length, 0);
        assert_eq!((lines[2].bytes.len(), lines[2].length), (100, 300));
        assert!(lines[2].newline && !lines[3].newline);
        assert_eq!(capture.longest_line(), 300);
        assert_eq!(capture.byte_count(), 310);
    }

    #[tokio::test]
    async fn a_flood_is_bounded_to_head_and_tail() {
        let (read, write_end) = std::io::pipe().unwrap();
        let writer = std::thread::spawn(move || {
            let mut file = std::fs::File::from(OwnedFd::from(write_end));
            for number in 0..20_000 {
                writeln!(file, "{number}").unwrap();
            }
        });
        let capture = Capture::start(OwnedFd::from(read), Instant::now(), 100, 3, false).unwrap();
        assert!(capture.ended_within(Duration::from_secs(20)).await);
        writer.join().unwrap();
        let lines = capture.lines();
        assert_eq!(lines.len(), 4096 + 3);
        assert_eq!(lines.last().unwrap().bytes, b"19999");
        assert_eq!(capture.line_count(), 20_000);
    }
}
