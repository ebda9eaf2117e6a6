//! Addresses of remotes, registries and repositories, without what is secret in them.

/// An address or a reference of an image without user, password, query and fragment.
///
/// The user's part ends at the last `@`, even where a password holds a `/`, a `?` or another `@` that should have been
/// escaped; too much is taken away sooner than too little.
pub fn without_credentials(address: &str) -> String {
    let (scheme, rest) = address
        .split_once("://")
        .map_or(("", address), |(scheme, rest)| (scheme, rest));
    // `@sha256:…` behind an image is no user.
    let named = rest.split("@sha").next().unwrap_or(rest);
    let authority = named
        .trim_start_matches('/')
        .split(['/', '?', '#'])
        .next()
        .unwrap_or(named);
    let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    // Helm calls a repository that it knows by `@name`.
    let has_user = authority.rfind('@').is_some_and(|at| at > 0)
        || authority
            .split_once(':')
            .is_some_and(|(_, port)| !is_port(port));
    let start = if has_user {
        named.rfind('@').map_or(0, |at| at + 1)
    } else {
        0
    };
    let shown = rest.get(start..).unwrap_or_default();
    // An image has no fragment, and may be a template.
    let end = if scheme.is_empty() {
        shown.find('?')
    } else {
        shown.find(['?', '#'])
    };
    let shown = shown.get(..end.unwrap_or(shown.len())).unwrap_or_default();
    if scheme.is_empty() {
        shown.to_owned()
    } else {
        format!("{scheme}://{shown}")
    }
}

/// The address of a remote as reports show it; `None` for a path of this machine. The user of an SSH address names no secret
/// and stays.
pub(super) fn of_remote(url: &str) -> Option<String> {
    let url = url.trim();
    let Some((scheme, rest)) = url.split_once("://") else {
        return is_scp_like(url).then(|| url.to_owned());
    };
    if scheme.eq_ignore_ascii_case("file") {
        return None;
    }
    let plain = without_credentials(url);
    let host = plain.split_once("://").map_or("", |(_, host)| host);
    if host.is_empty() || host.starts_with('/') {
        return None;
    }
    let user = rest.split([':', '@', '/', '?', '#']).next().unwrap_or("");
    let has_user = user.len() < rest.len() && !rest.starts_with(host);
    if scheme.to_ascii_lowercase().contains("ssh") && has_user && !user.is_empty() {
        return Some(format!("{scheme}://{user}@{host}"));
    }
    Some(plain)
}

/// `git@example.org:cellar.git`: a colon before any slash, and no password before the host.
fn is_scp_like(url: &str) -> bool {
    url.split_once(':').is_some_and(|(host, path)| {
        !host.is_empty() && !host.contains('/') && !path.is_empty() && !path.contains('@')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_left() {
        for address in [
            "https://u:SECRET@h/x",
            "https://SECRET@h/x",
            "https://u:SEC/RET@h/x",
            "https://u:SEC@RET@h/x",
            "https://u:SEC@R/ET@h/x",
            "https://u:SEC?RET@h/x",
            "https://u:SEC#RET@h/x",
            "https://h/x?token=SECRET",
            "https://h/x#SECRET",
            "https://h?SECRET",
            "oci://u:SEC/RET@h/x",
            "u:SECRET@h/x",
            "u:SEC/RET@h/x",
            "h/x?token=SECRET",
            "SECRET@h/x@sha256:ab",
            "//u:SECRET@h/x",
            "https://u:SECRET@",
        ] {
            let shown = without_credentials(address);
            for part in ["SEC", "RET"] {
                assert!(!shown.contains(part), "{address}: {shown}");
            }
            let remote = of_remote(address).unwrap_or_default();
            assert!(
                !remote.contains("SEC") && !remote.contains("RET"),
                "{address}: {remote}"
            );
        }
    }

    #[test]
    fn the_rest_of_an_address_stays() {
        for address in [
            "https://charts.example.org:8443/stable",
            "https://example.org/npm/@cellar/charts",
            "oci://registry.example.org:5000/charts",
            "registry.example.org:5000/team/cellar",
            "cellar@sha256:0123",
            "registry.example.org/cellar:v1@sha256:0123",
            "cellar:v1",
            "file://../common",
            "@common",
            "alias:common",
            "{{ .Values.image }}",
            "",
        ] {
            assert_eq!(without_credentials(address), address);
        }
        assert_eq!(
            without_credentials("u:p@h:1/x@sha256:ab"),
            "h:1/x@sha256:ab"
        );
    }

    #[test]
    fn credentials_and_paths_never_show() {
        let check = |url: &str, expected: Option<&str>| {
            assert_eq!(of_remote(url).as_deref(), expected, "{url}");
        };
        let plain = Some("https://example.org/cellar.git");
        check("https://example.org/cellar.git", plain);
        check("https://token@example.org/cellar.git", plain);
        check("https://me:pass@word@example.org/cellar.git", plain);
        check("https://me:pass/word@example.org/cellar.git", plain);
        check("https://example.org/cellar.git?token=x#y", plain);
        check("https://me:pass@example.org", Some("https://example.org"));
        check(
            "ssh://git:pass@example.org:22/cellar.git",
            Some("ssh://git@example.org:22/cellar.git"),
        );
        check(
            "ssh://example.org:22/cellar.git",
            Some("ssh://example.org:22/cellar.git"),
        );
        check(
            "git@example.org:cellar.git",
            Some("git@example.org:cellar.git"),
        );
        check("me:pass@example.org:cellar.git", None);
        check("/srv/cellar", None);
        check("../cellar", None);
        check("./a:b", None);
        check("file:///srv/cellar", None);
        check("https://", None);
        check("", None);
    }
}
