# What people type. `make test` is what CI runs first; everything that it needs beyond Rust and git, it installs.

CARGO ?= cargo
export CARGO_TERM_COLOR ?= auto
# Properties are tried on the same cases each time; `make test PROPTEST_RNG_SEED=$$RANDOM` tries others.
export PROPTEST_RNG_SEED ?= 20260601

.PHONY: test lint fmt bench conformance picture update

test:
	tests/prerequisites.sh
ifneq ($(shell command -v cargo-nextest 2>/dev/null),)
	$(CARGO) nextest run --locked --all-targets
else
	$(CARGO) test --locked --all-targets
endif
	$(CARGO) test --locked --doc

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --document-private-items

fmt:
	$(CARGO) fmt

# How much of the CEL specification policies may use, and how much of the policies their tests exercise.
conformance:
	$(CARGO) test --locked --quiet --lib conformance -- --nocapture

# CPU time and memory beside squawk, git-cliff and regorus: `make bench REPO=path/to/a/full/clone`. Without REPO it makes one up.
bench:
	$(CARGO) build --locked --release
	python3 benches/compare.py $(REPO)
	python3 benches/ledger.py
	python3 benches/policies.py

# The pictures in the README: a terminal, and the page of a report.
picture:
	tests/prerequisites.sh
	UPDATE=1 $(CARGO) test --locked --test integration -- picture html_is_at_home

# Rewrites what is generated, and the snapshots. Read the difference before you commit it.
update:
	UPDATE=1 INSTA_UPDATE=always $(CARGO) test --locked --all-targets
