# make        lists the targets
# Everything is built in the release configuration and without what @testable needs, so that all targets share their
# objects.

SWIFT_BUILD = swift build -c release

.PHONY: help quickstart bootstrap build test bench clean distclean

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

clean: ## remove what was built
	rm -rf .build

distclean: clean ## remove what was built and what bootstrap put under .deps/
	rm -rf .deps
