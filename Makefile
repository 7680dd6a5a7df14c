# What is done with this repository. `make` alone lists it.
.DEFAULT_GOAL := help
.PHONY: help demo test chart soak check fmt lint doc bench ci

help: ## list what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-6s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## run the whole thing on this machine, with nothing to install or pay
	cargo run --release -- demo

test: ## run every test, after installing the Debian packages that they need
	tests/install-packages gcc libc6-dev curl redis-server python3 python3-requests python3-httpx
	cargo test --no-fail-fast

chart: ## test the chart and its rules, the dashboards, the image and the unit, as far as this machine can
	-tests/install-packages python3-venv prometheus buildah systemd redis-server
	cargo build --locked
	tests/where-possible tests/chart/run target/debug/tollgate
	tests/where-possible tests/dashboards/run target/debug/tollgate
	tests/where-possible tests/container/run target/debug/tollgate

soak: ## try the books for an hour under every trouble at once
	tests/install-packages gcc libc6-dev curl redis-server
	TOLLGATE_SOAK_SECONDS=3600 cargo test --test it chaos:: -- --nocapture --test-threads 4
	TOLLGATE_SOAK_STEPS=2000000 cargo test --test it ledger::random::memory_and_redis

check: ## see whether it compiles, tests and all
	cargo check --all-targets

fmt: ## format the code
	cargo fmt

lint: ## refuse what the lints refuse
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings

doc: ## build the reference, private items too
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items

bench: ## measure
	cargo bench

ci: ## everything a change must pass
	.ci/run
