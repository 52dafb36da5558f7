# make        lists the targets
# Everything is built in the release configuration and without what @testable needs, so that all targets share their
# objects. Names of lines in a crash's report would cost 5% of the build and three quarters of the program's size.

SWIFT_FLAGS = -c release -debug-info-format none
SWIFT_BUILD = swift build $(SWIFT_FLAGS)

# Where make install puts the program; DESTDIR goes before it, for those who make packages.
PREFIX = /usr/local

.PHONY: help quickstart bootstrap build debug test test-all install dist check docs documented lint format sanitize bench fuzz campaign \
	faults kills launchers clean distclean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r target does; do \
		printf 'make %-11s %s\n' "$$target" "$$does"; done

quickstart: bootstrap ## build, then fine-tune a small model on paraphrases; asks no model hub
	SWIFTLET_WITHOUT_SERVER=1 $(SWIFT_BUILD) --product swiftlet
	.build/release/swiftlet quickstart

bootstrap: ## put libtorch, Arrow and the quickstart's model under .deps/
	@scripts/bootstrap

build: bootstrap ## build everything
	$(SWIFT_BUILD)

# Swift as it is quickest to compile, C++ as it is quickest to run.
debug: bootstrap ## build for editing: .build/debug/swiftlet, quick to build, slow to tokenize
	swift build -Xcxx -O2 --product swiftlet

test: bootstrap ## build and run the tests
	swift test $(SWIFT_FLAGS) --no-parallel --disable-testable-imports
	Tools/checks/kernel-sets
	Tests/Consumer/run --plan

test-all: test ## the same, then packages that depend on this one, and the archive in a bare Debian
	Tests/Consumer/run
	Tests/Archive/run

check: lint documented docs sanitize ## layout, comments, documentation and sanitizers: all four below

# Apart from .build: a static Swift runtime is another set of objects.
PROGRAM = .build-static/release/swiftlet
# SERVER=no leaves out swiftlet-serve, and the packages that only it is built on.
SERVER = yes
SERVER_PROGRAM = $(if $(filter no,$(SERVER)),,$(PROGRAM)-serve)
.PHONY: program
program: bootstrap
	for product in swiftlet swiftlet-light $(notdir $(SERVER_PROGRAM)); do \
		$(if $(SERVER_PROGRAM),,SWIFTLET_WITHOUT_SERVER=1) \
		SWIFTLET_RUN_PATH='$(if $(filter Darwin,$(shell uname -s)),@executable_path,$$ORIGIN)/../lib/swiftlet' \
		$(SWIFT_BUILD) --product $$product --scratch-path .build-static $$(scripts/static-flags) || exit; done

install: program ## put swiftlet, its libraries, man page and completions under PREFIX=/usr/local; SERVER=no
	scripts/install $(PROGRAM) '$(DESTDIR)$(PREFIX)' $(SERVER_PROGRAM)

dist: program ## make dist/: a folder that runs wherever it is put, and the same as an archive
	scripts/dist $(PROGRAM) $(SERVER_PROGRAM)

docs: bootstrap ## generate the documentation of the library's symbols under .build-docs/documentation
	Tools/checks/documentation

documented: bootstrap ## check that public symbols have comments
	Tools/checks/documented

lint: ## check the layout of Swift and C++ sources and of scripts
	Tools/checks/lint

format: ## give Swift sources the layout that lint asks for
	swift format --in-place --parallel --recursive Package.swift Sources Tests Examples Benchmarks Plugins

sanitize: bootstrap ## kernels and bridges with AddressSanitizer, what needs no libtorch with ThreadSanitizer
	Tools/checks/sanitize

# What doesn't fit into the minutes is left out, and said.
MINUTES = 25

bench: bootstrap ## measure speed beside the Python stack; MINUTES=90 leaves out less
	for product in swiftlet-benchmark swiftlet swiftlet-light; do $(SWIFT_BUILD) --product $$product || exit; done
	Benchmarks/matrix --minutes $(MINUTES)
	Benchmarks/startup

fuzz: bootstrap ## fuzz with libFuzzer; MINUTES=n for all formats together, FORMAT=f for one
	Tools/fuzz/fuzz --minutes $(MINUTES) $(if $(FORMAT),--format $(FORMAT))

campaign: bootstrap ## changed inputs without libFuzzer; MINUTES=n, CASES=n for each format, FORMAT=f
	$(SWIFT_BUILD) --product swiftlet-mutations
	Tools/fuzz/campaign --minutes $(MINUTES) $(if $(CASES),--cases $(CASES)) $(if $(FORMAT),--format $(FORMAT))

faults: bootstrap ## let each call of the system fail once; MINUTES=n
	$(SWIFT_BUILD) --product swiftlet
	$(SWIFT_BUILD) --product swiftlet-scenario
	Tools/faults/faults --minutes $(MINUTES)

kills: bootstrap ## kill trainings and go on; MINUTES=n for each of one and two processes
	$(SWIFT_BUILD) --product swiftlet
	Tools/checks/kills --minutes $(MINUTES)
	Tools/checks/kills --minutes $(MINUTES) --processes 2 --kills 100

launchers: bootstrap ## start trainings with the launchers that are here
	$(SWIFT_BUILD) --product swiftlet
	Tools/checks/launchers

clean: ## remove what was built
	rm -rf .build .build-*/ dist

distclean: clean ## remove what was built and what bootstrap put under .deps/
	rm -rf .deps
