//! PostgreSQL's table locks.

/// PostgreSQL's eight modes of table locks, from weakest to strongest ("Explicit Locking" in its manual).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum LockMode {
    /// Taken by SELECT.
    AccessShare,
    /// Taken by SELECT FOR UPDATE.
    RowShare,
    /// Taken by INSERT, UPDATE, DELETE.
    RowExclusive,
    /// Taken by VACUUM, ANALYZE, CREATE INDEX CONCURRENTLY, VALIDATE CONSTRAINT.
    ShareUpdateExclusive,
    /// Taken by CREATE INDEX.
    Share,
    /// Taken by CREATE TRIGGER and ADD FOREIGN KEY.
    ShareRowExclusive,
    /// Taken by REFRESH MATERIALIZED VIEW CONCURRENTLY.
    Exclusive,
    /// Taken by most forms of ALTER TABLE, DROP, TRUNCATE.
    AccessExclusive,
}

impl LockMode {
    /// All modes, weakest first.
    pub const ALL: [Self; 8] = [
        Self::AccessShare,
        Self::RowShare,
        Self::RowExclusive,
        Self::ShareUpdateExclusive,
        Self::Share,
        Self::ShareRowExclusive,
        Self::Exclusive,
        Self::AccessExclusive,
    ];

    /// The words of the manual.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccessShare => "ACCESS SHARE",
            Self::RowShare => "ROW SHARE",
            Self::RowExclusive => "ROW EXCLUSIVE",
            Self::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            Self::Share => "SHARE",
            Self::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            Self::Exclusive => "EXCLUSIVE",
            Self::AccessExclusive => "ACCESS EXCLUSIVE",
        }
    }

    /// The mode that `LOCK TABLE ... IN mode MODE` names; the strongest when nothing is named.
    pub fn parse(words: &str) -> Option<Self> {
        if words.trim().is_empty() {
            return Some(Self::AccessExclusive);
        }
        Self::ALL
            .into_iter()
            .find(|mode| mode.as_str().eq_ignore_ascii_case(words.trim()))
    }

    /// Two transactions cannot hold the two locks on one table at the same time (the table of conflicts in the manual).
    pub fn conflicts_with(self, other: Self) -> bool {
        let weakest_conflict = |mode| match mode {
            Self::AccessShare => Self::AccessExclusive,
            Self::RowShare => Self::Exclusive,
            Self::RowExclusive => Self::Share,
            Self::ShareUpdateExclusive => Self::ShareUpdateExclusive,
            // SHARE does not conflict with itself; see below.
            Self::Share | Self::ShareRowExclusive => Self::RowExclusive,
            Self::Exclusive => Self::RowShare,
            Self::AccessExclusive => Self::AccessShare,
        };
        (self, other) != (Self::Share, Self::Share) && other >= weakest_conflict(self)
    }

    /// Readers wait for it.
    pub fn blocks_reads(self) -> bool {
        self.conflicts_with(Self::AccessShare)
    }

    /// Writers wait for it.
    pub fn blocks_writes(self) -> bool {
        self.conflicts_with(Self::RowExclusive)
    }
}

impl std::fmt::Display for LockMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflicts_are_those_of_the_manual() {
        // "Table 13.2. Conflicting Lock Modes", row by row: X where the two conflict.
        let table = [
            ".......X", // ACCESS SHARE
            "......XX", // ROW SHARE
            "....XXXX", // ROW EXCLUSIVE
            "...XXXXX", // SHARE UPDATE EXCLUSIVE
            "..XX.XXX", // SHARE
            "..XXXXXX", // SHARE ROW EXCLUSIVE
            ".XXXXXXX", // EXCLUSIVE
            "XXXXXXXX", // ACCESS EXCLUSIVE
        ];
        for (row, expected) in LockMode::ALL.into_iter().zip(table) {
            let actual: String = LockMode::ALL
                .into_iter()
                .map(|column| if row.conflicts_with(column) { 'X' } else { '.' })
                .collect();
            assert_eq!(actual, expected, "{row}");
        }
    }

    #[test]
    fn modes_are_read_from_lock_table() {
        assert_eq!(LockMode::parse(""), Some(LockMode::AccessExclusive));
        assert_eq!(
            LockMode::parse("share row exclusive"),
            Some(LockMode::ShareRowExclusive)
        );
        assert_eq!(LockMode::parse("share everything"), None);
    }
}
