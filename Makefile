PYTHON ?= python

.PHONY: check format

check:  ## everything that CI checks
	@.ci/check $(PYTHON)

format:  ## put the sources in the house format
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .
