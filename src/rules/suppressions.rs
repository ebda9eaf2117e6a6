//! Rules about what suppresses findings. The findings are made where suppressions are applied.

use super::{RuleInfo, rule_table};

rule_table! { RuleInfo:
    suppression_without_reason,
    unused_suppression,
}
