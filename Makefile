# Every target sets up what it needs; nothing outside this folder is changed.
PYTHON ?= python3
DEMO := .venv
DEV := .venv-dev
RUNTIME := .venv-runtime
JETSON := .venv-jetson
SBOM := .venv-sbom
PIP_FLAGS := --quiet --disable-pip-version-check

.PHONY: demo test test-runtime test-jetson check format sbom extras clean

demo: $(DEMO)/.ready  ## the main job on what is embedded: clip, events, benchmark, report
	$(DEMO)/bin/edge-emotion demo --out demo

test: $(DEV)/.ready  ## all tests, with the train extra
	$(DEV)/bin/python -m pytest

test-runtime: $(RUNTIME)/.ready  ## the edge device's tests: no torch, no servers, PYTHON=python3.10 as on JetPack 6
	$(RUNTIME)/bin/python -m pytest -m "not train and not slow and not real"

test-jetson: $(JETSON)/.ready  ## on a Jetson: engines on its GPU, then the edge device's tests
	$(JETSON)/bin/python -c "import tensorrt, cv2, cuda.bindings.runtime"
	$(JETSON)/bin/python -m pytest tests/gpu
	$(JETSON)/bin/python -m pytest -m "not train and not gpu and not slow"

check: $(DEV)/.ready  ## format, lint, types, layering
	$(DEV)/bin/ruff format --check .
	$(DEV)/bin/ruff check .
	$(DEV)/bin/mypy
	$(DEV)/bin/lint-imports

format: $(DEV)/.ready
	$(DEV)/bin/ruff format .
	$(DEV)/bin/ruff check --fix .

sbom: $(DEV)/.ready $(SBOM)/.ready  ## what a device gets, as CycloneDX, and its licences; fails on one that nobody read
	mkdir -p dist
	$(DEV)/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible -o dist/sbom.json $(SBOM)/bin/python
	$(DEV)/bin/python deploy/check/licences.py dist/sbom.json --out dist/licences.md

extras: $(DEV)/.ready  ## whether pip can install every extra on Python 3.10 to 3.13; installs nothing, takes minutes
	$(DEV)/bin/python deploy/check/extras.py

clean:
	rm -rf $(DEMO) $(DEV) $(RUNTIME) $(JETSON) $(SBOM) demo dist

$(DEMO)/.ready: pyproject.toml
	$(PYTHON) -m venv $(DEMO)
	$(DEMO)/bin/pip install $(PIP_FLAGS) -e '.[cpu,report]'
	touch $@

$(DEV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(DEV)
	$(DEV)/bin/pip install $(PIP_FLAGS) -e '.[cpu,report,video,mqtt,serve,signing,tensorrt-rtx,train,dev]'
	$(DEV)/bin/pip install $(PIP_FLAGS) --no-deps openvino-model-api tritonclient nvidia-pytriton  # for a second OpenCV, gRPC and an old NumPy, they ask
	touch $@

$(RUNTIME)/.ready: pyproject.toml
	$(PYTHON) -m venv $(RUNTIME)
	$(RUNTIME)/bin/pip install $(PIP_FLAGS) -e '.[cpu,report,mqtt,serve]' 'pytest>=8.2' 'hypothesis>=6.100' 'httpx>=0.27'
	touch $@

# JetPack's own TensorRT and OpenCV are Debian packages: the environment sees them, and pip puts no
# other OpenCV in front of them.
$(JETSON)/.ready: pyproject.toml
	$(PYTHON) -m venv --system-site-packages $(JETSON)
	$(JETSON)/bin/pip install $(PIP_FLAGS) -e '.[jetson,report,mqtt,serve]' onnxruntime openvino 'pytest>=8.2' 'hypothesis>=6.100' 'httpx>=0.27'
	touch $@

# The extras of deploy/install.sh and those of reports and signatures, and nothing else: no pip either.
$(SBOM)/.ready: pyproject.toml $(DEV)/.ready
	$(PYTHON) -m venv --without-pip $(SBOM)
	$(DEV)/bin/pip --python $(SBOM) install $(PIP_FLAGS) '.[cpu,mqtt,report,serve,signing,video]'
	touch $@
