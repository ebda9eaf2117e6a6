//! What `ledger export` wrote: one record on a line. It can be verified anywhere, without a store.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;

use serde::Deserialize;

use super::record::{canonical, hash};
use super::{Access, LedgerError, Row, STORE_HELP, Wanted};

/// A longer line is no record.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// An export as a ledger.
pub struct Store {
    path: PathBuf,
    shown: String,
}

/// What stands in columns of the other stores.
#[derive(Deserialize)]
struct Columns {
    repository: String,
    sequence: i64,
    #[serde(default)]
    tag: String,
}

impl Store {
    pub(super) fn open(path: &str, access: Access) -> Result<Self, LedgerError> {
        let shown = format!("jsonl:{path}");
        let store = Self {
            path: PathBuf::from(path),
            shown,
        };
        if access == Access::Append {
            return Err(store.read_only());
        }
        if !store.path.is_file() {
            return Err(LedgerError::Absent { shown: store.shown });
        }
        Ok(store)
    }

    pub(super) fn read_only(&self) -> LedgerError {
        LedgerError::Address {
            shown: self.shown.clone(),
            why: "an export can only be read".to_owned(),
        }
    }

    pub(super) fn read(
        &mut self,
        wanted: Wanted<'_>,
        each: &mut dyn FnMut(Row) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        use std::io::Read as _;
        let failed = |why: String| LedgerError::Store {
            shown: self.shown.clone(),
            verb: "read",
            why,
            help: STORE_HELP,
        };
        let file = std::fs::File::open(&self.path).map_err(|error| failed(error.to_string()))?;
        let mut lines = BufReader::new(file);
        for number in 1_u64.. {
            let mut line = String::new();
            let read = lines.by_ref().take(MOST_BYTES).read_line(&mut line);
            if read.map_err(|error| failed(error.to_string()))? == 0 {
                break;
            }
            let row = row(&line).map_err(|why| failed(format!("line {number}: {why}")))?;
            if wanted.includes(&row) {
                each(row)?;
            }
        }
        Ok(())
    }
}

/// Characters that could steer a terminal are escaped in an export; the canonical form brings them back.
fn row(line: &str) -> Result<Row, String> {
    let value: serde_json::Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let columns = Columns::deserialize(&value).map_err(|error| error.to_string())?;
    let body = canonical(&value).map_err(|error| error.to_string())?;
    Ok(Row {
        repository: columns.repository,
        sequence: columns.sequence,
        hash: hash(&body),
        tag: columns.tag,
        body,
    })
}
