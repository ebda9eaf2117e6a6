use super::*;
use crate::charts;

/// What is wrong with a runbook in a repository with a chart, a workflow and a few branches; `line:column kind name`, with `↩`
/// for the way back.
fn check(text: &str, expected: &[&str]) {
    let files = [
        ("docs/release.md", text),
        ("charts/cellar/Chart.yaml", "name: cellar\nversion: 1.0.0\n"),
        ("charts/cellar/values.yaml", "image: { tag: v1.0.0 }\n"),
        ("docs/schema.sql", "SELECT 1;\n"),
        ("k8s/app.yaml", "kind: Pod\n"),
        (".github/workflows/release.yml", "name: Release\non: push\n"),
    ];
    let (mut reader, snapshot) = Reader::in_memory("HEAD", &files);
    let charts = charts::survey(None, &snapshot, &[], &mut reader);
    let references = ["main", "next", "v1.0.0", "stable"]
        .map(str::to_owned)
        .into();
    let around = Around {
        snapshot: &snapshot,
        charts: &charts,
        tags: &TagScheme::default(),
        branches: &BranchScheme::default(),
        references: &references,
        knows_branches: true,
        workflows: &["Release".to_owned()],
    };
    let mut origins = Origins::default();
    let paths = ["docs/release.md".to_owned()];
    let facts = collect(&paths, &around, &mut reader, &mut origins);
    let found: Vec<String> = facts[0]
        .defects
        .iter()
        .map(|defect| {
            let (place, _) = reader
                .sources
                .positions(origins.get(defect.origin).unwrap());
            let back = if defect.way_back { "↩" } else { "" };
            format!(
                "{}:{} {} {}{back}",
                place.line, place.column, defect.kind, defect.name
            )
        })
        .collect();
    assert_eq!(found, expected, "{text}");
}

fn block(commands: &str) -> String {
    format!("```sh\n{commands}\n```\n")
}

#[test]
fn charts_and_values() {
    check(
        &block("helm upgrade cellar charts/cellar --set image.tag=v1.2.4"),
        &[],
    );
    check(
        &block("helm upgrade cellar charts/cellar \\\n  --set image.tga=v1.2.4"),
        &["3:9 values-key image.tga"],
    );
    check(
        &block("helm upgrade cellar ./charts/press --values charts/cellar/prod.yaml"),
        &[
            "2:21 chart ./charts/press",
            "2:45 file charts/cellar/prod.yaml",
        ],
    );
    check(
        &block(
            "helm install x bitnami/postgresql\nhelm upgrade x oci://r/cellar\nhelm upgrade x cellar",
        ),
        &[],
    );
    check(
        &block("helm repo add charts https://c\nhelm upgrade x charts/press"),
        &[],
    );
    check(
        &block("helm upgrade x charts/cellar -f $FILE -f <yours>.yaml -f ~/x.yaml -f MINE.yaml"),
        &[],
    );
    check(
        &block("cat > mine.yaml\nhelm upgrade x charts/cellar -f mine.yaml"),
        &[],
    );
    check(
        &block("cd charts\nhelm upgrade x cellar/ -f cellar/values.yaml -f none.yaml"),
        &["3:49 file none.yaml"],
    );
    check(
        &block("cd elsewhere\nhelm upgrade x cellar/ -f none.yaml"),
        &[],
    );
    check(
        &block("helm rollback cellar\nhelm lint charts/none"),
        &["3:11 chart charts/none"],
    );
}

#[test]
fn branches_and_tags() {
    check(
        &block(
            "git checkout main\ngit pull origin main\ngit tag v1.2.4\ngit push origin v1.2.4\ngit checkout release/v1.3.0\ngit switch hotfix/x",
        ),
        &[],
    );
    check(
        &block("git checkout master\ngit tag v.1.2.4\ngit push origin 1.2.4-rc1"),
        &[
            "2:14 branch master",
            "3:9 tag v.1.2.4",
            "4:17 tag 1.2.4-rc1",
        ],
    );
    check(
        &block("git checkout -b topic main\ngit push origin topic\ngit merge elsewhere"),
        &["4:11 branch elsewhere"],
    );
    check(
        &block("git switch -c topic old\ngit rebase topic"),
        &["2:21 branch old"],
    );
    check(
        &block("git tag -f stable v1.2.4\ngit push --force origin stable\ngit tag -l 'v*'"),
        &[],
    );
    check(
        &block(
            "git checkout -- docs\ngit checkout docs/schema.sql\ngit checkout TAG\ngit checkout vX.Y.Z\ngit log nowhere",
        ),
        &[],
    );
    check(
        &block("git tag -a v1.2.4 -m 'Release 1.2' HEAD~1\ngit push origin HEAD:refs/heads/x"),
        &[],
    );
}

#[test]
fn files_and_the_way_back() {
    check(
        &format!(
            "{}# Rollback\n{}",
            block("kubectl exec -it db-0 -- pg_dump cellar > before-v1.3.0.sql"),
            block(
                "kubectl exec -it db-0 -- psql cellar < before-v1.3.0.sql\npsql -f docs/schema.sql\npsql cellar < gone.sql\npsql -f /srv/x.sql"
            )
        ),
        &["8:15 file gone.sql↩"],
    );
    check(
        &block(
            "kubectl apply -f k8s/app.yaml -f k8s/none.yaml\nkubectl logs -f cellar\nkubectl exec x -- psql -f own.sql",
        ),
        &["2:34 file k8s/none.yaml"],
    );
}

#[test]
fn workflows() {
    check(
        &format!(
            "It starts .github/workflows/release.yml, not .github/workflows/promote.yml.\n{}",
            block(
                "gh workflow run release.yml --ref main\ngh workflow run Release\ngh workflow run promote.yml -f tag=v1.2.4\ngh workflow run other.yml -R other/repo"
            )
        ),
        &[
            "1:46 workflow .github/workflows/promote.yml",
            "5:17 workflow promote.yml",
        ],
    );
}
