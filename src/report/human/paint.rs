//! Colours, or none.

use anstyle::{AnsiColor, Effects, Style};

/// Wraps text in colours when they are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    color: bool,
}

impl Paint {
    pub(crate) fn new(color: bool) -> Self {
        Self { color }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.wrap(Style::new().effects(Effects::BOLD), text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.wrap(Style::new().effects(Effects::DIMMED), text)
    }

    pub(crate) fn error(self, text: &str) -> String {
        self.wrap(AnsiColor::Red.on_default().effects(Effects::BOLD), text)
    }

    pub(crate) fn warning(self, text: &str) -> String {
        self.wrap(AnsiColor::Yellow.on_default().effects(Effects::BOLD), text)
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.wrap(AnsiColor::Green.on_default().effects(Effects::BOLD), text)
    }

    pub(crate) fn note(self, text: &str) -> String {
        self.wrap(AnsiColor::Cyan.on_default(), text)
    }

    fn wrap(self, style: Style, text: &str) -> String {
        if self.color {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}
