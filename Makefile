# make        lists the targets
# Everything is built in the release configuration and without what @testable needs, so that all targets share their
# objects.

SWIFT_BUILD = swift build -c release

.PHONY: help quickstart bootstrap build test bench fuzz campaign faults kills launchers clean distclean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r target does; do \
		printf 'make %-11s %s\n' "$$target" "$$does"; done

quickstart: bootstrap ## build, then fine-tune a small model on paraphrases; asks no model hub
	$(SWIFT_BUILD) --product swiftlet
	.build/release/swiftlet quickstart

bootstrap: ## put libtorch, Arrow and the quickstart's model under .deps/
	@scripts/bootstrap

build: bootstrap ## build everything
	$(SWIFT_BUILD)

test: bootstrap ## build and run the tests
	swift test -c release --no-parallel --disable-testable-imports

# What doesn't fit into the minutes is left out, and said.
MINUTES = 25

bench: bootstrap ## measure speed beside the Python stack; MINUTES=90 leaves out less
	$(SWIFT_BUILD) --product swiftlet-benchmark
	$(SWIFT_BUILD) --product swiftlet
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
	rm -rf .build .build-fuzz

distclean: clean ## remove what was built and what bootstrap put under .deps/
	rm -rf .deps
