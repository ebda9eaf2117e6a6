//! Rules about files that relgate judges and cannot read. The findings are made where the files are read.

use super::{RuleInfo, rule_table};

rule_table! { RuleInfo:
    input_unreadable,
}
