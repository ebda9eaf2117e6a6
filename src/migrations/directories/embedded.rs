//! SQL migrations that stand as texts in a program. They are not replayed, and a release that changes them must not look like
//! one without migrations.

use super::candidates::{is_left_out, language};
use crate::discover::{Reader, Snapshot};
use crate::git::EntryKind;

/// How files are called that hold them.
const STEMS: [&str; 3] = ["migrate", "migration", "migrations"];
/// What stands in them, in the spelling of most.
const STATEMENTS: [&str; 3] = ["ALTER TABLE ", "CREATE TABLE ", "DROP TABLE "];

/// Notes the files.
pub(super) fn note(snapshot: &Snapshot, reader: &mut Reader<'_>) {
    let files = snapshot.entries.iter().filter_map(|(path, entry)| {
        let (directory, file) = path.rsplit_once('/').unwrap_or(("", path));
        let (stem, extension) = file.rsplit_once('.')?;
        let is_one =
            entry.kind == EntryKind::File && STEMS.contains(&stem) && !is_left_out(directory);
        is_one.then_some(())?;
        let language = language(extension).or((extension == "rs").then_some("Rust"))?;
        Some((path, language))
    });
    for (path, language) in files {
        let text = match reader.peek(snapshot, path) {
            Ok(text) => text,
            Err(why) => {
                reader.coverage.skip(path.as_str(), why);
                continue;
            }
        };
        let text = text.to_ascii_uppercase();
        if STATEMENTS.iter().any(|statement| text.contains(statement)) {
            let reason = format!("SQL migrations inside of {language} are not judged");
            reader.coverage.skip(path.as_str(), reason);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::migrations::directories::tests::check_configured;

    /// Texts in a program are told of, if they change a schema.
    #[test]
    fn sql_inside_of_programs_is_not_judged() {
        let files = [
            (
                "internal/database/migrations.go",
                "var all = []string{`alter table casks drop label`}",
            ),
            (
                "src/migrations.rs",
                "const UP: &str = \"CREATE TABLE casks ()\";",
            ),
            ("lib/migration.py", "def migrate(config): pass"),
            ("testdata/migrations.go", "CREATE TABLE casks"),
            ("docs/migrations.md", "CREATE TABLE casks"),
        ];
        check_configured(
            &files,
            &[],
            &[],
            &[
                "internal/database/migrations.go: SQL migrations inside of Go are not judged",
                "src/migrations.rs: SQL migrations inside of Rust are not judged",
            ],
        );
    }
}
