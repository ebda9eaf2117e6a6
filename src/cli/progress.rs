//! A line on the terminal for work that takes longer than half a second.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Work that is not done after this long is announced.
const PATIENCE: Duration = Duration::from_millis(500);

/// Shows the line until it is dropped.
#[derive(Debug)]
pub(super) struct Progress {
    done: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Starts to wait, if anybody can see the line.
    pub(super) fn start(wanted: bool, message: &str) -> Self {
        if !wanted {
            return Self {
                done: None,
                thread: None,
            };
        }
        let (done, waiting) = channel();
        let message = message.to_owned();
        let thread = std::thread::spawn(move || {
            if waiting.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let line = indicatif::ProgressBar::new_spinner().with_message(message);
                line.enable_steady_tick(Duration::from_millis(100));
                let _ = waiting.recv();
                line.finish_and_clear();
            }
        });
        Self {
            done: Some(done),
            thread: Some(thread),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.done.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
