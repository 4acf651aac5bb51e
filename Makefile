# The verbs of the project. `make demo` and `make test` prepare a fresh machine by themselves.
.PHONY: demo test build lint format bench fuzz docs clean

demo: ## build, and run the main job on the bundled incident
	@scripts/setup.sh
	swift build -c release --product tidemark
	.build/release/tidemark run fixtures/incident --out report/
	@echo "Open report/index.html in a browser."

test: ## build, and pass every test
	@scripts/setup.sh
	swift build --build-tests
	swift test --skip-build

build:
	@scripts/setup.sh
	swift build -c release --product tidemark

lint: ## the formatter's check
	swift format lint --strict --recursive --parallel Package.swift Sources Tests Fuzz Benchmarks

format:
	swift format --in-place --recursive --parallel Package.swift Sources Tests Fuzz Benchmarks

bench: ## measure speed and memory against the peers (release build; minutes)
	@scripts/setup.sh
	scripts/bench.sh

NAME ?= exposition
SECONDS ?= 60
fuzz: ## fuzz one parser: make fuzz NAME=promql SECONDS=600 (Fuzz/README.md has the names)
	scripts/fuzz.sh $(NAME) $(SECONDS)

docs: ## regenerate what is made from the code
	@scripts/setup.sh
	swift build --product tidemark
	.build/debug/tidemark document schema > docs/schema.md
	.build/debug/tidemark document signals > docs/signals.md

clean:
	rm -rf .build report
