#![no_main]

use libfuzzer_sys::fuzz_target;
use relgate::evidence::allowed_signers::AllowedSigners;
use relgate::evidence::mailmap::Mailmap;
use relgate::evidence::roles::Roles;
use relgate::evidence::{envelope, ssh};

fuzz_target!(|text: &str| {
    let _ = envelope::open(text, None, "team-lead-approval");
    let _ = envelope::open("{}", Some(text), "");
    let _ = ssh::verify(text, "relgate-evidence", b"message");
    let _ = AllowedSigners::read(text);
    let _ = Mailmap::read(text);
    let _ = Roles::read(text);
});
