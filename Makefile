# Two commands on a fresh machine: `make run` and `make test`. Everything here goes through tools/bootstrap.py.
PYTHON ?= python3
BOOTSTRAP = @$(PYTHON) tools/bootstrap.py
export PORT HOST DATA DEMO ARGS

.PHONY: help run test bench lighthouse proofs check format translations lock
.DEFAULT_GOAL := help

help: ## この一覧 / this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## 起動 / serve Tsubomi (PORT=8000 HOST=127.0.0.1 DATA=var; DEMO=0 starts empty)
	$(BOOTSTRAP) run

test: ## テスト / run the tests, at most 10 minutes (ARGS="-k boards")
	$(BOOTSTRAP) test

bench: ## 計測 / measure, as a table and JSON (ARGS=…)
	$(BOOTSTRAP) bench

lighthouse: ## Lighthouse の点数（npm が要ります） / Lighthouse scores on a simulated phone (needs npm)
	$(BOOTSTRAP) lighthouse

proofs: ## 長い検証とスクリーンショット / the long proofs and the pictures, at most 30 minutes
	$(BOOTSTRAP) proofs

check: ## 静的な検査 / lint, types, import contracts, translations, dependencies
	$(BOOTSTRAP) check

format: ## 書式を整える / format the Python files
	$(BOOTSTRAP) format

translations: ## 翻訳の抽出 / collect strings into app/translations/en
	$(BOOTSTRAP) translations

lock: ## 依存関係の固定 / resolve requirements.in again, pinned with hashes
	$(BOOTSTRAP) lock
