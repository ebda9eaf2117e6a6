//! The one place that says where snapshots are and how they are written.

/// Compares a text with `snapshots/<area>/<name>.snap`. `INSTA_UPDATE` decides what happens to a new one.
#[track_caller]
pub(crate) fn assert_snapshot(area: &str, name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(super::root().join("snapshots").join(area));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}
