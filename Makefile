# The one entry point. Needs Python 3.11+ (with venv), git and make; everything else is put into this folder.
# Only relative paths are used, so that a checkout path with spaces works.

.DEFAULT_GOAL := help
.PHONY: help demo serve page browser git-lfs pgbouncer web-types api-document web-test screenshots test ready check bench bench-page agents agents-test agents-failing local-model-test crashes steering-races steering-times random replay chaos hosts-leaving attack api-fuzz clean
PY := .venv/bin/python
SYNC := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) # what one target prints stays together
export PYTHON
# Compiled modules are kept, whatever the environment says: without them every process starts a second later.
unexport PYTHONDONTWRITEBYTECODE

help: ## list the targets
	@echo 'boocoder: make TARGET'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 14

demo: .venv/.synced ## a two-turn task with the real opencode and a scripted model, in a throw-away place
	@$(PY) tools/demo.py $(ARGS)

serve: page ## start the service (ARGS="--port 8000 --open")
	@$(PY) -m boocoder.cli.main serve $(ARGS)

page: .venv/.synced ## build the web page if web/ has changed
	@$(PY) tools/build_page.py

browser: .venv/.synced ## find the browser of the tests, or install Debian's chromium
	@$(PY) tools/install_browser.py

git-lfs: .venv/.synced ## install Debian's git-lfs for its test, if it is not here
	@$(PY) tools/install_git_lfs.py

pgbouncer: .venv/.synced ## install Debian's pgbouncer for its tests, if it is not here
	@$(PY) tools/install_pgbouncer.py

web-types: .venv/.synced ## write the page's types of routes and frames out of the server's code
	@$(PY) tools/web_types.py

api-document: .venv/.synced ## write docs/openapi.json out of the routes and docs/api.md
	@$(PY) tools/api_document.py

web-test: page ## the page's unit tests
	@$(PY) tools/build_page.py --test

test: ready ## all tests, those with real agents and a browser too (ARGS="tests/unit -k name")
	@$(PY) -m pytest -n 4 --dist worksteal --durations 30 $(ARGS)

ready: .venv/.synced # what the tests run is installed and built side by side: most of it waits for the network
	@$(MAKE) --no-print-directory -j 4 $(SYNC) agents browser git-lfs pgbouncer web-test

# The ones that take longest first.
CHECKS := check-types check-page check-tests check-imports check-written check-lint check-format
.PHONY: $(CHECKS)
check: .venv/.synced ## formatting, lint, types, import contracts, of the page too; every test can be imported
	@$(MAKE) --no-print-directory -j 2 --keep-going $(SYNC) $(CHECKS)

check-types: .venv/.synced
	@$(PY) -m mypy

check-format: .venv/.synced
	@$(PY) -m ruff format --check .

check-lint: .venv/.synced
	@$(PY) -m ruff check .

check-written: .venv/.synced
	@$(PY) tools/web_types.py --check
	@$(PY) tools/api_document.py --check

check-page: .venv/.synced
	@$(PY) tools/build_page.py --lint

check-imports: .venv/.synced
	@.venv/bin/lint-imports --no-logo

check-tests: .venv/.synced
	@collected=$$($(PY) -m pytest --collect-only -q -p no:randomly) || { echo "$$collected"; exit 1; }

bench: .venv/.synced agents ## measure; results go to bench/out/
	@$(PY) -m bench $(ARGS)

bench-page: page browser ## measure the web page in a real browser, some five minutes
	@$(PY) -m bench.page $(ARGS)

screenshots: page browser ## take the pictures of every page, and the moving one of the README, into docs/images/
	@$(PY) tools/screenshots.py $(ARGS)
	@$(PY) tools/moving_picture.py

agents: .venv/.synced ## install the real agents of the tests into .agents/, some 1 GB (AGENTS="goose qwen" for some)
	@$(PY) tools/install_agents.py $(AGENTS)

agents-test: .venv/.synced agents ## the tests of real agents alone (ARGS="-k qwen")
	@$(PY) -m pytest -n 2 --dist worksteal tests/agents $(ARGS)

agents-failing: .venv/.synced agents ## what real agents make of a failing model; writes its table into docs/agents.md, 20 minutes
	@$(PY) tools/install_agents.py codex gemini copilot
	@$(PY) -m pytest -n 0 -s -o python_files='check_*.py' -o python_functions='check_*' --timeout 1800 tests/agents/check_failing_models.py $(ARGS)

local-model-test: .venv/.synced ## the native agent with a real llama-server and a small model, built and fetched once (ARGS="-k cached")
	@$(PY) tools/install_llama.py
	@$(PY) -m pytest -n 0 -s -o python_files='check_*.py' -o python_functions='check_*' --timeout 1800 tests/local_model $(ARGS)

crashes: .venv/.synced agents ## kill -9 of the service 200 times over 2,000 turns, an hour
	@BOOCODER_TEST_CRASHES="200 2000" $(PY) -m pytest -n 0 --reruns 0 tests/acceptance/test_crash.py -k many_turns $(ARGS)

steering-races: .venv/.synced ## 1,000 messages race against the end of their turns
	@BOOCODER_TEST_STEERING_RACES=1000 $(PY) -m pytest -n 0 --timeout 1800 tests/integration/dispatch/test_steering.py -k races $(ARGS)

steering-times: .venv/.synced agents ## how long claude, opencode and native take to have a message to their running turn
	@$(PY) -m pytest -n 0 -s -o python_files='check_*.py' -o python_classes='Check*' -o python_functions='check_*' \
	 --timeout 1800 tests/agents/check_steering_times.py $(ARGS)

random: .venv/.synced ## the programmes of random edits, applies, reviews, deaths and worktrees of which the suite has slices, an hour
	@BOOCODER_TEST_TREES=10000 BOOCODER_TEST_APPLIES=1000 BOOCODER_TEST_KILLS=500 BOOCODER_TEST_LIVES=1000 \
	 BOOCODER_TEST_REWINDS=300 BOOCODER_TEST_REVIEWS=100 BOOCODER_TEST_MERGES=1000 BOOCODER_TEST_WRITE_KILLS=100 $(PY) -m pytest -n 2 --timeout 14400 \
	 tests/integration/git/test_random_parts.py tests/integration/git/test_random_trees.py \
	 tests/integration/changes/apply/test_random.py tests/integration/changes/apply/test_kills.py \
	 tests/integration/changes/apply/test_apply.py \
	 tests/integration/changes/review/test_review_random.py \
	 tests/integration/worktrees/test_lives.py tests/integration/worktrees/test_rewind.py $(ARGS)

replay: .venv/.synced ## 300 commits of two made-up histories replayed as an agent's edits, compared with plain git
	@BOOCODER_TEST_COMMITS=300 $(PY) -m pytest -n 0 -s --timeout 1800 tests/integration/changes/test_histories.py $(ARGS)

chaos: .venv/.synced ## three hosts while PostgreSQL is stopped and services are killed, 10 minutes (FORM="an hour"); writes its row into docs/hosts.md
	@BOOCODER_TEST_CHAOS="$(FORM)" $(PY) -m pytest -n 0 -s --reruns 0 -o python_files='check_*.py' -o python_functions='check_*' --timeout 7200 tests/acceptance/hosts -k check_chaos $(ARGS)

hosts-leaving: .venv/.synced ## 200 sessions and 1,000 tasks on three hosts, of which one is killed and one drained, some minutes
	@$(PY) -m pytest -n 0 -s --reruns 0 -o python_files='check_*.py' -o python_functions='check_*' --timeout 2400 tests/acceptance/hosts -k check_leaving $(ARGS)

attack: .venv/.synced agents ## the attacks of docs/security.md on sandbox, decisions, secrets and the door (ARGS="-k sandbox")
	@BOOCODER_TEST_HALF_OPEN=5000 $(PY) -m pytest -n 0 -s tests/attack tests/integration/api/security/test_door.py tests/integration/api/security/test_attacks.py tests/integration/git/test_hostile_config.py $(ARGS)

api-fuzz: .venv/.synced ## schemathesis against the API with all phases, and every kept input in every place, some minutes (BOOCODER_TEST_API_FUZZ=100 for more examples)
	@BOOCODER_TEST_API_FUZZ=$${BOOCODER_TEST_API_FUZZ:-20} $(PY) -m pytest -n 0 --timeout 7200 tests/integration/api/security/test_schemathesis.py tests/integration/api/security/test_fuzz.py tests/unit/cli/test_fuzz.py $(ARGS)

clean: ## remove all that make has put into this folder
	rm -rf .venv .tools .agents .demo .failures dist build bench/out web/node_modules src/boocoder/api/page .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.PHONY: forge
forge: .venv/.synced ## 50 issues of a scripted forge become merged changes, some minutes
	@BOOCODER_TEST_FORGE_ISSUES=50 $(PY) -m pytest -n 0 -s --reruns 0 --timeout 7200 tests/acceptance/forges $(ARGS)

.venv/.synced: pyproject.toml uv.lock tools/bootstrap.sh
	@tools/bootstrap.sh
