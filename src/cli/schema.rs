//! `relgate schema`: JSON Schemas of what people write and of what policies see.

use super::CommandError;
use super::args::{Schema, SchemaName};
use super::output::Streams;

pub(super) fn run(args: &Schema, _streams: &Streams) -> Result<u8, CommandError> {
    let schema = match args.name {
        SchemaName::Facts => schemars::schema_for!(crate::facts::Facts).to_value(),
        SchemaName::Config => schemars::schema_for!(crate::config::Config).to_value(),
    };
    Streams::print(&format!("{schema:#}\n"))?;
    Ok(0)
}
