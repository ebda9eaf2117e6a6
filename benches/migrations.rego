# What the shipped packs make of migrations, in Rego: the demands of `migration-safety`, and the gates of `release-process` that
# go through migrations. relgate evaluates these and all other policies of its three default packs in the same run.
package relgate

import rego.v1

params := {"patchMigrations": "none"}

changes := array.concat(
	array.concat(input.migrations.added, input.migrations.modified),
	array.concat(input.migrations.deleted, input.migrations.renamed),
)

changed := [m | some m in changes; m.upChanged]

operations := [o | some o in input.migrations.operations; o.direction == "up"]

not_additive := [m | some m in changed; does_more_than_add(m)]

does_more_than_add(m) if m.change != "added"

does_more_than_add(m) if m.code

does_more_than_add(m) if not m.hasDown

does_more_than_add(m) if m.downIsEmpty

does_more_than_add(m) if {
	some s in m.statements
	s.compatibility != "additive"
}

does_more_than_add(m) if {
	some s in m.statements
	s.dataLoss != "no"
}

minor := [o | some o in operations; o.releaseType == "minor"]

major := [o | some o in operations; o.releaseType == "major"]

demands contains demand("carries-a-migration", "minor", changed) if {
	params.patchMigrations == "none"
	count(changed) > 0
}

demands contains demand("not-only-additive", "minor", not_additive) if {
	params.patchMigrations == "additive-only"
	count(not_additive) > 0
}

demands contains demand("changes-the-schema", "minor", minor) if count(minor) > 0

demands contains demand("breaks-the-running-version", "major", major) if count(major) > 0

demand(id, at_least, matched) := {
	"id": id,
	"atLeast": at_least,
	"message": sprintf("%d facts", [count(matched)]),
	"origins": [fact.origin | some fact in matched],
}

default required := "none"

required := "major" if {
	some d in demands
	d.atLeast == "major"
} else := "minor" if {
	some d in demands
	d.atLeast == "minor"
}

files := {m.path | some m in changes}

wrong := [f |
	some f in input.findings
	f.severity == "error"
	f.status == "open"
	f.path in files
	not startswith(f.rule, "release-type-")
]

ups := [m | some m in array.concat(input.migrations.added, input.migrations.modified); m.direction == "up"]

not_restorable := [m | some m in ups; is_not_restorable(m)]

is_not_restorable(m) if not m.hasDown

is_not_restorable(m) if m.downIsEmpty

is_not_restorable(m) if {
	some s in m.statements
	s.dataLoss != "no"
}

breaking := [o | some o in operations; o.compatibility != "additive"; not o.createdInRelease]

gates := {
	"migration-correctness": status(count(wrong) == 0),
	"rollback-ready": status(count(not_restorable) == 0),
	"patch-can-be-rolled-back": status(count(breaking) == 0),
}

status(holds) := "pass" if holds

status(holds) := "fail" if not holds

decision := {"required": required, "demands": demands, "gates": gates}
