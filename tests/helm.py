"""`helm template` and `helm version` by the real engine of Helm 4, which comes as a library from PyPI: no `helm` program can be
installed with what a fresh machine has. The command line is this file's, templates and values are Helm's.

Called as `helm version --template X` and `helm template NAME CHART --namespace N --skip-tests [--values FILE]...`.
"""

import sys

import helm_python


def template(name, chart, *rest):
    values = {}
    namespace = None
    options = iter(rest)
    for option in options:
        if option == "--namespace":
            namespace = next(options)
        elif option == "--values":
            with open(next(options), encoding="utf-8") as file:
                merge(values, helm_python.values_from_yaml(file.read()))
        else:
            assert option == "--skip-tests", option
    with helm_python.Chart.load(chart) as loaded:
        # What the program `helm` asks before it renders (`action.CheckDependencies`).
        wanted = [one["name"] for one in loaded.metadata.get("dependencies") or []]
        there = [one["name"] for one in loaded.dependencies]
        missing = [one for one in wanted if one not in there]
        if missing:
            sys.exit(f"Error: found in Chart.yaml, but missing in charts/ directory: {', '.join(missing)}")
        rendered = loaded.render(values, name=name, namespace=namespace, is_install=True)
    for path, text in sorted(rendered.items()):
        base = path.rsplit("/", 1)[1]
        if text.strip() and base != "NOTES.txt" and not base.startswith("_"):
            print(f"---\n# Source: {path}\n{text}")


def merge(base, over):
    """`-f a -f b`: maps merge, everything else is replaced."""
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            merge(base[key], value)
        else:
            base[key] = value


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "version":
        sys.stdout.write(helm_python.helm_sdk_version())
    else:
        assert command == "template", command
        try:
            template(*arguments)
        except helm_python.HelmError as error:
            sys.exit(f"Error: {error}")
