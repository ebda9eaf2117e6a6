//! The conventions of each runner, as data.

use super::Runner;

/// How migrations lie in their directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One file, or a pair of files, per version.
    Files,
    /// The same, at any depth.
    Tree,
    /// One directory per version.
    Directories,
}

/// What a runner puts a transaction around.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrapped {
    /// Nothing.
    Nothing,
    /// Each file.
    File,
    /// Each section of a file.
    Section,
    /// It is not known.
    Unknown,
}

/// How a runner sends SQL to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// As one string: without a transaction around it, PostgreSQL makes an implicit one of several statements.
    OneString,
    /// Statement by statement.
    Split,
    /// It is not known.
    Unknown,
}

/// How a migration declines the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptOut {
    /// It cannot.
    None,
    /// By a comment in it.
    Directive,
    /// By a file beside it.
    Sidecar,
    /// By its name.
    Name,
    /// The runner looks for statements that cannot run in a transaction.
    Automatic,
}

/// Where the way back is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Down {
    /// In a file of its own, if there is one.
    File,
    /// In a section of the same file, if there is one.
    Section,
    /// In a section of the same file; without it the runner refuses the file.
    RequiredSection,
    /// In comments that the runner reads.
    Rollback,
    /// There is none: a way back is a new migration.
    None,
}

/// What a runner does with a new migration whose version is below the highest one that has run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutOfOrder {
    /// It never runs it, and says nothing.
    Skips,
    /// It stops with an error, unless it is told otherwise.
    Refuses,
    /// It runs it, later than a fresh installation does.
    Runs,
    /// It is not known.
    Unknown,
}

/// The conventions of one runner.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// Whose.
    pub runner: Runner,
    /// How migrations lie in their directory.
    pub layout: Layout,
    /// What it puts a transaction around.
    pub wrapped: Wrapped,
    /// How it sends SQL.
    pub sent: Sent,
    /// How a migration declines the transaction.
    pub opt_out: OptOut,
    /// How the comments begin that it obeys inside a section, in lower case and without the dashes; `None` when any
    /// runner's may count.
    pub directives: Option<&'static [&'static str]>,
    /// Where the way back is.
    pub down: Down,
    /// It compares the content of what has run with the file.
    pub checksum: bool,
    /// What it does with a version below the highest one.
    pub out_of_order: OutOfOrder,
    /// What happens to a `.sql` file whose name it cannot read, as the end of "the runner ...".
    pub on_invalid_name: &'static str,
    /// Such a file stops the runner, instead of being passed over.
    pub invalid_name_is_fatal: bool,
    /// What happens to two files of one version and direction, as the end of "the runner ...".
    pub on_duplicate: &'static str,
}

impl Profile {
    /// A comment inside a section directs the runner, so that it is more than a remark.
    pub fn obeys(&self, comment: &str) -> bool {
        // MySQL's optimizer hints are for the server.
        if comment.starts_with("/*+") {
            return true;
        }
        let text = comment
            .trim_start_matches("/*")
            .trim_start_matches('-')
            .trim_start();
        self.directives.is_some_and(|directives| {
            directives.iter().any(|directive| {
                text.get(..directive.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(directive))
            })
        })
    }
}

/// What is assumed of a runner that is not known.
pub(super) const PLAIN: Profile = Profile {
    runner: Runner::Plain,
    layout: Layout::Files,
    wrapped: Wrapped::Unknown,
    sent: Sent::Unknown,
    opt_out: OptOut::None,
    directives: None,
    down: Down::File,
    checksum: false,
    out_of_order: OutOfOrder::Unknown,
    on_invalid_name: "may not find it",
    invalid_name_is_fatal: false,
    on_duplicate: "may run only one of them, or both in no certain order",
};

/// One row per runner. The sources are the runners' own: golang-migrate `source/parse.go`, goose `migration.go` and
/// `internal/sqlparser`, dbmate `pkg/dbmate/migration.go`, sqlx `sqlx-core/src/migrate/source.rs`, refinery
/// `refinery_core/src/util.rs`, diesel `diesel_migrations`, Flyway and Liquibase's documentation and parsers, ory
/// `popx`, sql-migrate `sqlparse`, tern `migrate`, Drizzle's migrators.
pub static PROFILES: &[Profile] = &[
    Profile {
        runner: Runner::GolangMigrate,
        layout: Layout::Files,
        wrapped: Wrapped::Nothing,
        sent: Sent::OneString,
        opt_out: OptOut::None,
        directives: Some(&[]),
        down: Down::File,
        checksum: false,
        out_of_order: OutOfOrder::Skips,
        on_invalid_name: "passes over it without a word",
        invalid_name_is_fatal: false,
        on_duplicate: "refuses the whole directory: duplicate migration file",
    },
    Profile {
        runner: Runner::Goose,
        layout: Layout::Files,
        wrapped: Wrapped::File,
        sent: Sent::Split,
        opt_out: OptOut::Directive,
        directives: Some(&["+goose"]),
        down: Down::Section,
        checksum: false,
        out_of_order: OutOfOrder::Refuses,
        on_invalid_name: "refuses the whole directory: it cannot parse the file's name",
        invalid_name_is_fatal: true,
        on_duplicate: "refuses the whole directory: duplicate version",
    },
    Profile {
        runner: Runner::Dbmate,
        layout: Layout::Files,
        wrapped: Wrapped::Section,
        sent: Sent::OneString,
        opt_out: OptOut::Directive,
        directives: Some(&["migrate:"]),
        down: Down::RequiredSection,
        checksum: false,
        out_of_order: OutOfOrder::Runs,
        on_invalid_name: "passes over it without a word",
        invalid_name_is_fatal: false,
        on_duplicate: "runs the first and takes the second for applied",
    },
    Profile {
        runner: Runner::Sqlx,
        layout: Layout::Files,
        wrapped: Wrapped::File,
        sent: Sent::OneString,
        opt_out: OptOut::Directive,
        directives: Some(&[]),
        down: Down::File,
        checksum: true,
        out_of_order: OutOfOrder::Runs,
        on_invalid_name: "passes over it, or refuses the directory when what stands before the first underscore is no number",
        invalid_name_is_fatal: true,
        on_duplicate: "stops: the second has the checksum of another",
    },
    Profile {
        runner: Runner::Refinery,
        layout: Layout::Tree,
        wrapped: Wrapped::File,
        sent: Sent::OneString,
        opt_out: OptOut::None,
        directives: Some(&[]),
        down: Down::None,
        checksum: true,
        out_of_order: OutOfOrder::Refuses,
        on_invalid_name: "passes over it",
        invalid_name_is_fatal: false,
        on_duplicate: "stops: repeated version",
    },
    Profile {
        runner: Runner::Diesel,
        layout: Layout::Directories,
        wrapped: Wrapped::File,
        sent: Sent::OneString,
        opt_out: OptOut::Sidecar,
        directives: Some(&[]),
        down: Down::File,
        checksum: false,
        out_of_order: OutOfOrder::Runs,
        on_invalid_name: "refuses the directory, or does not find the file",
        invalid_name_is_fatal: true,
        on_duplicate: "runs the first and takes the second for applied",
    },
    Profile {
        runner: Runner::Flyway,
        layout: Layout::Tree,
        wrapped: Wrapped::File,
        sent: Sent::Split,
        opt_out: OptOut::Automatic,
        directives: Some(&[]),
        down: Down::File,
        checksum: true,
        out_of_order: OutOfOrder::Refuses,
        on_invalid_name: "passes over it, unless validateMigrationNaming is on",
        invalid_name_is_fatal: false,
        on_duplicate: "stops: more than one migration with the version",
    },
    Profile {
        runner: Runner::Liquibase,
        layout: Layout::Tree,
        wrapped: Wrapped::Section,
        sent: Sent::Split,
        opt_out: OptOut::Directive,
        directives: Some(&[
            "changeset",
            "precondition",
            "validchecksum",
            "property",
            "include",
            "ignorelines",
            "ignore",
            "logicalfilepath",
        ]),
        down: Down::Rollback,
        checksum: true,
        out_of_order: OutOfOrder::Runs,
        on_invalid_name: "runs it if a changelog includes it",
        invalid_name_is_fatal: false,
        on_duplicate: "tells them apart by file, author and id",
    },
    Profile {
        runner: Runner::Prisma,
        layout: Layout::Directories,
        wrapped: Wrapped::Nothing,
        sent: Sent::OneString,
        opt_out: OptOut::None,
        directives: Some(&[]),
        down: Down::None,
        checksum: true,
        out_of_order: OutOfOrder::Runs,
        on_invalid_name: "passes over it",
        invalid_name_is_fatal: false,
        on_duplicate: "tells them apart by the whole name",
    },
    Profile {
        runner: Runner::Atlas,
        layout: Layout::Files,
        wrapped: Wrapped::File,
        sent: Sent::Split,
        opt_out: OptOut::Directive,
        directives: Some(&["atlas:txmode", "atlas:delimiter", "atlas:checkpoint"]),
        down: Down::None,
        checksum: true,
        out_of_order: OutOfOrder::Refuses,
        on_invalid_name: "orders it by its whole name",
        invalid_name_is_fatal: false,
        on_duplicate: "refuses the second, or takes it for applied",
    },
    Profile {
        runner: Runner::Popx,
        layout: Layout::Files,
        wrapped: Wrapped::File,
        sent: Sent::OneString,
        opt_out: OptOut::Name,
        directives: Some(&[]),
        down: Down::File,
        checksum: false,
        out_of_order: OutOfOrder::Runs,
        on_invalid_name: "passes over it without a word",
        invalid_name_is_fatal: false,
        on_duplicate: "runs the first and takes the second for applied",
    },
    Profile {
        runner: Runner::SqlMigrate,
        layout: Layout::Files,
        wrapped: Wrapped::File,
        sent: Sent::Split,
        opt_out: OptOut::Directive,
        directives: Some(&["+migrate"]),
        down: Down::Section,
        checksum: false,
        out_of_order: OutOfOrder::Runs,
        on_invalid_name: "orders it by its whole name",
        invalid_name_is_fatal: false,
        on_duplicate: "tells them apart by the whole name",
    },
    Profile {
        runner: Runner::Tern,
        layout: Layout::Files,
        wrapped: Wrapped::File,
        sent: Sent::OneString,
        opt_out: OptOut::Directive,
        directives: Some(&["tern:"]),
        down: Down::Section,
        checksum: false,
        out_of_order: OutOfOrder::Skips,
        on_invalid_name: "passes over it",
        invalid_name_is_fatal: false,
        on_duplicate: "stops: duplicate migration",
    },
    Profile {
        runner: Runner::Drizzle,
        layout: Layout::Files,
        wrapped: Wrapped::File,
        sent: Sent::Split,
        opt_out: OptOut::None,
        directives: Some(&["> statement-breakpoint"]),
        down: Down::None,
        checksum: false,
        out_of_order: OutOfOrder::Skips,
        on_invalid_name: "runs only what its journal lists",
        invalid_name_is_fatal: false,
        on_duplicate: "tells them apart by its journal",
    },
    PLAIN,
];
