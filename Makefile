# The verbs of the project. `make demo` and `make test` prepare a fresh machine by themselves.
.PHONY: demo test build reading notebooks lint format accuracy bench bench-block bench-prometheus bench-changepoints extension fuzz docs clean

# With Swift's runtime inside, the binary runs on hosts without Swift.
RELEASE = swift build -c release --static-swift-stdlib --product tidemark

demo: ## build, and run the main job on the bundled incident
	@scripts/setup.sh
	$(RELEASE)
	.build/release/tidemark run fixtures/incident --out report/
	@echo "Open report/index.html in a browser."

test: ## build, and pass every test
	@scripts/setup.sh
	@scripts/notebooks.sh setup
	@scripts/browser.sh
	swift build --build-tests
	swift build --product TidemarkSQLite
	swift test --skip-build

build:
	@scripts/setup.sh
	$(RELEASE)

lint: ## the formatter's check
	swift format lint --strict --recursive --parallel Package.swift Sources Tests Fuzz Benchmarks

format:
	swift format --in-place --recursive --parallel Package.swift Sources Tests Fuzz Benchmarks

bench: ## measure speed and memory against the peers (release build; minutes)
	@scripts/setup.sh
	scripts/bench.sh

accuracy: ## the verdict on labelled incidents (TIDEMARK_SHARED, by default ../shared)
	@scripts/setup.sh
	$(RELEASE)
	python3 scripts/accuracy.py .build/release/tidemark $${TIDEMARK_SHARED:-../shared}

reading: ## asks the first screens of labelled incidents what, when, why, how sure, what to do (TIDEMARK_SHARED)
	@scripts/setup.sh
	@scripts/browser.sh
	$(RELEASE)
	.build/browser/bin/python scripts/first_screen.py .build/release/tidemark $${TIDEMARK_SHARED:-../shared}

notebooks: ## execute notebooks-export/ in full with Jupyter, in place
	scripts/notebooks.sh

NAME ?= exposition
SECONDS ?= 60
fuzz: ## fuzz one parser: make fuzz NAME=promql SECONDS=600 (Fuzz/README.md has the names)
	scripts/fuzz.sh $(NAME) $(SECONDS)

bench-block: ## 34 million samples as Prometheus blocks, made with promtool (two minutes)
	[ -d .build/bench-block ] || python3 Benchmarks/generate.py block 24 .build/bench-block.part
	[ -d .build/bench-block ] || mv .build/bench-block.part .build/bench-block

bench-prometheus: bench-block ## blocks into the store and queries, against a real Prometheus
	@scripts/setup.sh
	$(RELEASE)
	python3 Benchmarks/prometheus.py .build/release/tidemark .build/bench-block

bench-changepoints: ## change points against Apache Otava and ruptures on seeded series (minutes)
	@scripts/setup.sh
	TIDEMARK_BENCH=1 swift build -c release --scratch-path .build-bench --product tidemark-bench-changepoints
	[ -d .build-bench/peers ] || python3 -m venv .build-bench/peers
	.build-bench/peers/bin/pip install -q numpy==2.2.0 ruptures==1.1.10 apache-otava==0.8.0
	.build-bench/peers/bin/python Benchmarks/changepoints.py .build-bench/release/tidemark-bench-changepoints

extension: ## the loadable SQLite extension, .build/release/libTidemarkSQLite.so
	@scripts/setup.sh
	swift build -c release --static-swift-stdlib --product TidemarkSQLite

docs: ## regenerate what is made from the code
	@scripts/setup.sh
	swift build --product tidemark
	.build/debug/tidemark document schema > docs/schema.md
	.build/debug/tidemark document signals > docs/signals.md
	.build/debug/tidemark document causes > docs/causes.md
	.build/debug/tidemark document notebook-module > notebooks-export/tidemark_data.py

clean:
	rm -rf .build report
