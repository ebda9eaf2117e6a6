//! Names the code that parses: what a cache keeps of it is good for this code alone.

use std::hash::{DefaultHasher, Hasher as _};
use std::path::Path;
use std::{fs, io};

/// What turns a file into what the cache keeps, and the crates that it is made with.
const PARSES: [&str; 4] = [
    "Cargo.lock",
    "src/migrations",
    "src/source.rs",
    "src/syntax",
];

fn main() -> io::Result<()> {
    let mut hasher = DefaultHasher::new();
    for path in PARSES {
        println!("cargo::rerun-if-changed={path}");
        // A published package may come without its lock file.
        if Path::new(path).exists() {
            digest(Path::new(path), &mut hasher)?;
        }
    }
    println!(
        "cargo::rustc-env=RELGATE_PARSER_DIGEST={:016x}",
        hasher.finish()
    );
    Ok(())
}

fn digest(path: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    if path.is_dir() {
        let mut paths = fs::read_dir(path)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<Vec<_>>>()?;
        paths.sort();
        return paths.iter().try_for_each(|path| digest(path, hasher));
    }
    hasher.write(path.as_os_str().as_encoded_bytes());
    hasher.write(&fs::read(path)?);
    Ok(())
}
