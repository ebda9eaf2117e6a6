//! A line on the terminal for work that takes longer than half a second.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// Work that is not done after this long is announced.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often the line is drawn anew.
const TICK: Duration = Duration::from_millis(100);

/// Shows the line until it is dropped.
#[derive(Debug)]
pub(super) struct Progress {
    done: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    message: Arc<Mutex<String>>,
}

impl Progress {
    /// Starts to wait, if anybody can see the line.
    pub(super) fn start(wanted: bool, message: &str) -> Self {
        let message = Arc::new(Mutex::new(message.to_owned()));
        if !wanted {
            return Self {
                done: None,
                thread: None,
                message,
            };
        }
        let (done, waiting) = channel();
        let shown = Arc::clone(&message);
        let thread = std::thread::spawn(move || {
            if waiting.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let line = indicatif::ProgressBar::new_spinner();
                loop {
                    if let Ok(text) = shown.lock() {
                        line.set_message(crate::report::text::escape(&text));
                    }
                    line.tick();
                    if waiting.recv_timeout(TICK) != Err(RecvTimeoutError::Timeout) {
                        break;
                    }
                }
                line.finish_and_clear();
            }
        });
        Self {
            done: Some(done),
            thread: Some(thread),
            message,
        }
    }

    /// Says what is being done now.
    pub(super) fn say(&self, message: String) {
        if let Ok(mut shown) = self.message.lock() {
            *shown = message;
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
