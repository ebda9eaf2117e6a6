//! `relgate schema`: JSON Schemas of what people write and of what policies see, and the tables of the ledger.

use super::CommandError;
use super::args::{Schema, SchemaName};
use super::output::Streams;
use crate::ledger::POSTGRES_SCHEMA;
use crate::policy;

pub(super) fn run(args: &Schema, _streams: &Streams) -> Result<u8, CommandError> {
    let schema = match args.name {
        SchemaName::Facts => schemars::schema_for!(crate::facts::Facts).to_value(),
        SchemaName::Ledger => {
            Streams::print(POSTGRES_SCHEMA)?;
            return Ok(0);
        }
        SchemaName::Policy => policy::policy_schema(),
        SchemaName::PolicyTest => policy::policy_test_schema(),
        SchemaName::Exception => policy::exception_schema(),
        SchemaName::Config => schemars::schema_for!(crate::config::Config).to_value(),
    };
    Streams::print(&format!("{schema:#}\n"))?;
    Ok(0)
}
