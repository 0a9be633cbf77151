# SPDX-License-Identifier: GPL-2.0-or-later
# A newcomer needs two of these: make demo and make test. Everything else is below them.

# DATAPATH=portable or DATAPATH=kernel: which datapath demo, test and bench use; without it the machine is probed.
ifneq ($(DATAPATH),)
export DATAPATH
endif

# The kernel datapath needs a kernel that not every machine has; tools/kernel-lab gets one where it is missing.
LAB := $(if $(filter kernel,$(DATAPATH)),tools/kernel-lab)

# TESTS: what to give to pytest, e.g. make test TESTS="tests/mnclient/wire -k binding"
TESTS ?=
# DEMO, BENCH, TRAY, SCREENSHOTS, FUZZ, CONFORMANCE, DEB, INSTALL: further arguments of these programs
DEMO ?=
BENCH ?=
TRAY ?=
SCREENSHOTS ?=
# SEEDS=n, HANDOVERS=n or SEED=n (this one alone, with its diagram); BLOWS=n: faults in a seed; SIMULATE: further arguments
SEEDS ?=
HANDOVERS ?=
SEED ?=
BLOWS ?=
SIMULATE ?=
FUZZ ?=
CONFORMANCE ?=
DEB ?=
INSTALL ?=
# SECONDS: how long to fuzz
SECONDS ?= 60

.DEFAULT_GOAL := help
.PHONY: help setup setup-tray setup-fuzz docs fuzz demo demo-crash tray screenshots translations test conformance \
	test-kernel simulate check format bench man deb test-install wheel lock clean

help: ## Print this list.
	@echo "usage: make TARGET"
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r target text; do \
		printf '  %-12s %s\n' "$$target" "$$text"; done

setup: ## Install what this machine lacks, and the virtual environment; all other targets do it themselves.
	@tools/setup

setup-tray: ## The same, with what the tray and its tests need.
	@tools/setup tray

setup-fuzz: ## The same, with the fuzzer.
	@tools/setup fuzz

docs: setup ## Write the D-Bus page, and make pages of the documents in build/docs; a dead link is an error.
	@tools/setup docs
	@tools/run -m tests.docs.dbus_page
	@tools/run -m sphinx -W --keep-going -q -b html docs build/docs
	@echo "The pages begin with build/docs/index.html."

demo: setup ## See a connection survive a move, in a network of namespaces on this machine (needs root: sudo make demo).
	@tools/needs-namespaces "make $@"
	@$(LAB) tools/run -m tests.lab.demo $(DEMO)

demo-crash: setup ## The demo, with the service killed half way (needs root: sudo make demo-crash).
	@tools/needs-namespaces "make $@"
	@$(LAB) tools/run -m tests.lab.demo --crash $(DEMO)

test: check ## Run all checks and all tests, and a minute of fuzzing; without root the tests of the lab skip.
	@$(if $(TESTS),,tools/setup fuzz docs)
	@$(if $(TESTS),,tools/run -m tests.fuzz --seconds $(SECONDS) --if-possible)
	@tools/run -m pytest $(TESTS)

fuzz: setup-fuzz ## Feed decoders and engines with what chance makes, for SECONDS=60; FUZZ="--help" tells more.
	@tools/run -m tests.fuzz --seconds $(SECONDS) $(FUZZ)

tray: setup-tray ## Start the tray app from this checkout; TRAY="--help" tells its options.
	@tools/run -m ui $(TRAY)

screenshots: setup-tray ## Write every window and state to assets/screenshots/ (needs root: sudo make screenshots).
	@tools/needs-namespaces "make $@"
	@tools/run -m tests.ui.screenshots $(SCREENSHOTS)

translations: setup-tray ## Gather the texts of the tray into its catalogues, and compile them.
	@tools/run -m tests.ui.catalogues

conformance: setup-tray ## See which requirements of the RFCs are shown by tests that pass; writes docs/conformance.md.
	@tools/run -m tests.conformance $(CONFORMANCE)

test-kernel: setup ## Run the tests of the kernel datapath alone, in a virtual machine if need be (root; make test has them too).
	@tools/run -m pytest -m kernel $(TESTS)

simulate: setup ## Run whole nodes through loss, crashes and attacks on a virtual clock; SEEDS=n, HANDOVERS=n, or SEED=n to see one.
	@tools/run -m tests.simulation $(if $(SEEDS),--seeds $(SEEDS)) $(if $(HANDOVERS),--handovers $(HANDOVERS)) \
		$(if $(SEED),--seed $(SEED)) $(if $(BLOWS),--blows $(BLOWS)) $(SIMULATE)

check: setup-tray ## Check formatting, style and types.
	@tools/run -m ruff format --check .
	@tools/run -m ruff check .
	@tools/run -m mypy

format: setup ## Format the code and sort its imports.
	@tools/run -m ruff check --quiet --fix --exit-zero .
	@tools/run -m ruff format .

bench: setup-tray ## Measure against the budgets (needs root: sudo make bench).
	@tools/needs-namespaces "make $@"
	@$(LAB) tools/run -m tests.benchmarks $(BENCH)

man: setup-tray ## Write docs/man/ from the parsers of the programs and the declaration of the settings.
	@tools/run -m service.cli_manpage
	@tools/run -m tests.installer.manual_pages

deb: setup-tray ## Build the Debian packages into build/deb; DEB=--twice compares a second build.
	@tools/deb $(DEB)

test-install: setup ## Install, use, upgrade and remove the packages of make deb in an emulated laptop (needs root).
	@tools/test-install $(or $(INSTALL),--init machine)

wheel: setup ## Build the wheel into build/wheel, for other distributions (mnctl install-service).
	@tools/run -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir build/wheel .

lock: ## Write requirements.lock from pyproject.toml; UPGRADE=1 takes the newest versions allowed.
	@tools/lock $(if $(UPGRADE),--upgrade)

clean: ## Remove everything that the other targets made in this folder.
	@rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
