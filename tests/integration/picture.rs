use crate::support::{Tool, root};

/// The picture in the README is what the demonstration prints. `make picture` takes a new one.
#[test]
fn the_picture_is_what_the_demonstration_prints() {
    let run = Tool::within(root()).run(&["--color", "always", "demo"]);
    assert_eq!(run.code, 0, "{}", run.text);
    let svg = anstyle_svg::Term::new()
        .min_width_px(880)
        .render_svg(&run.stdout);
    let path = root().join("examples/lakerunner/blocked.svg");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &svg).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap_or_default() == svg,
        "{} is another picture; `make picture` takes a new one",
        path.display()
    );
}
