from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from edge_emotion.bench.markdown import render_markdown
from edge_emotion.bench.naming import row_name
from edge_emotion.bench.page import render_page
from edge_emotion.bench.publish import publish
from edge_emotion.bench.report import Samples, read_report, report_schema
from edge_emotion.bench.run import Benchmark
from edge_emotion.bench.verdict import best_row
from edge_emotion.errors import DataError, OutputError
from tests.bench.reports import refused, report, row

SCHEMA = Path(__file__).parents[2] / "docs" / "report.schema.json"
WRITE = "from edge_emotion.bench.report import report_schema; print(report_schema(), end='')"
HOSTILE = "<script>alert(1)</script>|*x*"
SVG_TEXT = "{http://www.w3.org/2000/svg}text"
LOADING = {"src", "href", "srcset", "data", "action", "poster", "background", "xlink:href"}


class Page(HTMLParser):
    """What a browser would find in the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def count(self, tag: str) -> int:
        return sum(found == tag for found, _ in self.tags)


@pytest.fixture(scope="module")
def published(benchmark: Benchmark, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    folder = tmp_path_factory.mktemp("report")
    assert publish(benchmark, folder) == folder / "report.html"
    return folder


def test_what_is_written_reads_back_as_what_was_measured(
    published: Path, benchmark: Benchmark
) -> None:
    assert read_report(published / "report.json") == benchmark.report
    content = (published / "samples.json").read_bytes()
    assert Samples.model_validate_json(content) == benchmark.samples
    assert {path.name for path in published.iterdir()} == {
        "report.json", "report.csv", "report.md", "report.html", "samples.json", "pareto.svg",
    }  # fmt: skip


def test_the_published_schema_is_the_one_of_the_code_and_reports_follow_it(
    published: Path,
) -> None:
    assert SCHEMA.read_text() == report_schema(), f'python -c "{WRITE}" > docs/report.schema.json'
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    document = json.loads((published / "report.json").read_text())
    checker = jsonschema.Draft202012Validator(json.loads(report_schema()))
    checker.validate(document)
    assert not checker.is_valid({**document, "surprise": 1})


def test_agreement_and_recognition_are_in_both_texts(published: Path) -> None:
    for file in ("report.md", "report.html"):
        text = (published / file).read_text()
        for words in ("Recognised by class", "McNemar p", "surprise", "one alone right"):
            assert words in text


def test_a_spreadsheet_has_every_row_in_plain_numbers(
    published: Path, benchmark: Benchmark
) -> None:
    with (published / "report.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(benchmark.report.results)
    for written, measured in zip(rows, benchmark.report.results, strict=True):
        assert written["model"] == measured.model
        assert (written["p50_ms"] == "") == (measured.status != "ok")
        if measured.status == "ok":
            assert float(written["p50_ms"]) == measured.latency.p50
            assert float(written["p50_low_ms"]) <= float(written["p50_high_ms"])
            assert float(written["accuracy"]) == measured.accuracy
            assert int(written["file_bytes"]) == measured.file_bytes
        else:
            assert written["reason"] == measured.reason


def test_the_page_loads_nothing_and_runs_nothing(published: Path) -> None:
    text = (published / "report.html").read_text()
    page = Page(text)
    assert page.count("script") == page.count("link") == page.count("img") == 0
    for tag, attributes in page.tags:
        for name in LOADING & attributes.keys():
            assert attributes[name].startswith("#"), (tag, name)
        assert not [name for name in attributes if name.startswith("on")]
    assert not re.search(r"url\((?!#)|@import", text)
    assert len(text) < 2_000_000


def test_plots_are_scalable_named_and_unambiguous(published: Path) -> None:
    page = Page((published / "report.html").read_text())
    plots = [attributes for tag, attributes in page.tags if tag == "svg"]
    # Accuracy, latency, scaling, and a confusion for the one network, for desks and for phones.
    assert len(plots) == 8
    *rows, _, _ = plots
    for plot in rows:
        assert "classifier-fp32 · OpenVINO" in plot["aria-label"]
    for plot in plots:
        assert plot["role"] == "img"
        assert plot["viewbox"]
        assert "width" not in plot
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {a["xlink:href"][1:] for _, a in page.tags if "xlink:href" in a}
    assert targets
    assert targets <= set(ids)


def test_a_key_tells_what_the_names_in_a_plot_leave_out() -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    from edge_emotion.bench.pareto_plot import pareto_plot

    picture = pareto_plot(
        report(
            row("small", "int8", 0.2, correct=2500),
            row("small-fp32", "bf16", 0.3, correct=2490),
            row("small-fp32", "fp32", 0.6, backend="onnxruntime", correct=2495),
        )
    )
    assert picture is not None
    for drawing in (picture.wide, picture.narrow):
        texts = [node.text for node in ElementTree.fromstring(drawing).iter(SVG_TEXT)]  # noqa: S314
        assert texts.count("small") == 3
        key = {"OpenVINO", "ONNX Runtime", "INT8", "BF16", "FP32"}
        assert key <= set(texts)
        assert not {"TensorRT", "FP16", "small-fp32"} & set(texts)


def test_plots_keep_text_as_text_and_follow_the_theme(published: Path) -> None:
    root = ElementTree.parse(published / "pareto.svg").getroot()  # noqa: S314 - our own file
    texts = {node.text for node in root.iter(SVG_TEXT)}
    assert "accuracy, %" in texts
    content = (published / "pareto.svg").read_text()
    assert "prefers-color-scheme:dark" in content
    assert "var(--ink" in content or "var(--muted" in content


def test_the_page_has_a_row_for_each_measured_row(published: Path, benchmark: Benchmark) -> None:
    text = (published / "report.html").read_text()
    page, found = Page(text), benchmark.report
    each = (found.measured, found.measured, found.recognition, found.agreements)
    tables = [1 + len(rows) for rows in each]
    assert page.count("tr") == sum(tables)
    assert page.count("h1") == 1


def test_what_comes_from_outside_is_escaped() -> None:
    hostile = report(row(HOSTILE, "int8", 0.2), refused("small", "openvino", HOSTILE))
    page = Page(render_page(hostile, ()))
    assert page.count("script") == 0
    markdown = render_markdown(hostile)
    assert "<script" not in markdown.replace("\\<", "")
    table = [line for line in markdown.splitlines() if line.startswith("|")]
    cells = [re.sub(r"\\.", "", line).count("|") for line in table]
    assert len(table) == 6
    assert len(set(cells[:3])) == len(set(cells[3:])) == 1


def test_a_report_with_nothing_measured_is_still_a_report(tmp_path: Path) -> None:
    benchmark = Benchmark(
        report(refused("small", "openvino", "cannot be read")), Samples(truth=None, rows=())
    )
    text = publish(benchmark, tmp_path).read_text()
    assert "cannot be read" in text
    assert "cannot be read" in (tmp_path / "report.md").read_text()


def test_an_earlier_plot_does_not_stay_beside_a_report_it_does_not_show(tmp_path: Path) -> None:
    (tmp_path / "pareto.svg").write_text("<svg/>")
    benchmark = Benchmark(
        report(refused("small", "openvino", "cannot be read")), Samples(truth=None, rows=())
    )
    publish(benchmark, tmp_path)
    assert not (tmp_path / "pareto.svg").exists()


def test_without_matplotlib_the_page_says_what_brings_plots(
    published: Path, tmp_path: Path
) -> None:
    script = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from pathlib import Path\n"
        "from edge_emotion.bench.publish import publish\n"
        "from edge_emotion.bench.report import Samples, read_report, report_schema\n"
        "from edge_emotion.bench.run import Benchmark\n"
        "source, target = map(Path, sys.argv[1:])\n"
        "samples = Samples.model_validate_json((source / 'samples.json').read_bytes())\n"
        "publish(Benchmark(read_report(source / 'report.json'), samples), target)\n"
    )
    subprocess.run([sys.executable, "-c", script, published, tmp_path], check=True)
    text = (tmp_path / "report.html").read_text()
    assert "pip install &#x27;edge-emotion[report]&#x27;" in text
    assert "<svg" not in text


def test_a_folder_that_cannot_be_written_is_refused(benchmark: Benchmark, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OutputError, match="taken"):
        publish(benchmark, tmp_path / "taken")


def test_markdown_has_the_table_and_the_machine(benchmark: Benchmark) -> None:
    text = render_markdown(benchmark.report)
    rows = [line for line in text.splitlines() if line.startswith("| classifier")]
    found = benchmark.report
    assert len(rows) == 2 * len(found.measured) + len(found.recognition) + len(found.agreements)
    assert benchmark.report.environment.python in text
    assert "PyTorch: skipped" in text


def test_the_method_tells_how_accuracy_was_obtained_only_where_it_was(
    benchmark: Benchmark,
) -> None:
    told = "once for each model and backend, 64 images at a time"
    assert told in render_markdown(benchmark.report)
    unlabelled = benchmark.report.model_copy(update={"dataset": None})
    assert "Accuracy is measured" not in render_markdown(unlabelled)


@pytest.mark.parametrize("content", ["{", "[]", '{"schema": "edge-emotion/benchmark/2"}'])
def test_what_is_no_report_is_refused_in_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(content)
    with pytest.raises(DataError, match=r"report\.json is not a benchmark report") as caught:
        read_report(path)
    assert "\n" not in str(caught.value)


def test_unknown_keys_are_refused(published: Path, tmp_path: Path) -> None:
    document = json.loads((published / "report.json").read_text())
    document["results"][0]["speed"] = 1
    (tmp_path / "report.json").write_text(json.dumps(document))
    with pytest.raises(DataError, match="speed"):
        read_report(tmp_path / "report.json")


def test_scaling_is_drawn_over_what_varies_and_nothing_else() -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    from edge_emotion.bench.scaling_plot import scaling_plot

    one, eight = row("small", "int8", 0.2), row("small", "int8", 1.0, batch=8)
    assert scaling_plot(report(one)) is None
    picture = scaling_plot(report(one, eight))
    assert picture is not None
    assert picture.title == "Faces a second by batch size"
    assert "small int8 · OpenVINO: 1: 5,000, 8: 8,000." in picture.wide
    two = one.model_copy(update={"threads": 2, "throughput_ips": 9000.0})
    threads = scaling_plot(report(one, two))
    assert threads is not None
    assert threads.title == "Faces a second by number of threads"
    assert "1: 5,000, 2: 9,000." in threads.narrow


def test_a_confusion_counts_the_answers_of_the_best_row(benchmark: Benchmark) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    from edge_emotion.bench.confusion_pictures import confusion_pictures

    (picture,) = confusion_pictures(benchmark.report, benchmark.samples)
    choice = best_row(benchmark.report.measured)
    assert picture.title == f"Who is taken for whom: {row_name(choice)}"
    truth = benchmark.samples.truth or ""
    answers = benchmark.samples.by_row()[choice.key].predictions or ""
    angry = [answer for answer, label in zip(answers, truth, strict=True) if label == "0"]
    assert f"angry: {angry.count('0') / len(angry):.0%} of {len(angry)} right" in picture.wide
    without = benchmark.samples.model_copy(update={"truth": None})
    assert not list(confusion_pictures(benchmark.report, without))
