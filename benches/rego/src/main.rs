//! `relgate-bench-rego POLICY INPUT QUERY`: the value of a query, as `regorus` computes it.

use std::env::args;
use std::fs::read_to_string;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = args().skip(1).collect();
    let [policy, input, query] = arguments.as_slice() else {
        anyhow::bail!("relgate-bench-rego POLICY INPUT QUERY");
    };
    let mut engine = regorus::Engine::new();
    engine.add_policy(policy.clone(), read_to_string(policy)?)?;
    engine.set_input(regorus::Value::from_json_str(&read_to_string(input)?)?);
    println!("{}", engine.eval_rule(query.clone())?.to_json_str()?);
    Ok(())
}
