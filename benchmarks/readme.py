"""Write the measured tables of README.md from the files under benchmarks/results.

    python benchmarks/readme.py           rewrite the tables
    python benchmarks/readme.py --check   exit 1 where they differ

A table stands between ``<!-- NAME -->`` and ``<!-- /NAME -->``; nobody types into it.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from edge_emotion.artifact import resolve_model
from edge_emotion.bench.naming import backend_name
from edge_emotion.bench.report import Report, Result, read_report
from edge_emotion.bench.verdict import judge
from edge_emotion.jsonio import write_text

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
RESULTS = ROOT / "benchmarks" / "results"
PEERS = ROOT / "benchmarks" / "peers"
REPORT = RESULTS / "report.json"
BACKENDS = ("openvino", "onnxruntime")
SHIPPED = "shipped "
"""What stands before the name of a network's row that is of the files that ship."""


def accuracy(report: Report) -> str:
    """One face on one thread: model, backend, accuracy with its interval, latency, size."""
    titles = [
        "model", "precision", "backend", "accuracy (95 %)", "agrees with FP32", "p50 / p95", "file",
    ]  # fmt: skip
    rows = [row for row in report.measured if (row.threads, row.batch) == (1, 1)]
    table = [_cells(row) for row in rows]
    note = _provenance(report)
    if report.roofline is not None:
        note += (
            " p50 ÷ ideal is how many times longer a row takes than its multiply-accumulates at "
            "this core's convolution peak of its precision: the fastest of several stacks of 3×3 "
            "convolutions, so a network may come out a little below 1."
        )
        titles.append("p50 ÷ ideal")
        for row, cells in zip(rows, table, strict=True):
            cells.append("" if row.roofline is None else f"{row.roofline.time_over_ideal:.2f}")
    lines = [note, "", _line(titles), f"|{'---|' * len(titles)}", *map(_line, table)]
    return "\n".join(lines)


def _provenance(report: Report) -> str:
    """One sentence on where the table's figures come from."""
    images = report.dataset.images if report.dataset else 0
    return (
        f"Accuracy on the {images:,} images of PublicTest, one forward pass; latency of one face "
        f"on one thread of one {report.environment.cpu} core."
    )


def _cells(row: Result) -> list[str]:
    agreement = row.agreement_with_fp32
    return [
        f"`{row.model}`",
        row.precision,
        row.backend,
        _with_interval(row.accuracy, row.accuracy_ci95),
        "" if agreement is None else f"{agreement:.1%}",
        f"{row.latency.p50 * 1000:.0f} / {row.latency.p95 * 1000:.0f} µs",
        f"{(row.file_bytes or 0) / 1e6:.2f} MB",
    ]


def _with_interval(accuracy: float | None, interval: Sequence[float] | None) -> str:
    """An accuracy and its 95 % interval; empty where there is none."""
    if accuracy is None or interval is None:
        return ""
    low, high = interval
    return f"{accuracy:.2%} ({low:.1%} to {high:.1%})"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def shipping(report: Report) -> str:
    """Which precision to ship on each backend, as the report words it."""
    verdict = judge(report)
    return "\n".join(f"* {line}" for line in (*verdict.shipping, *verdict.warnings))


def without_vnni(_: Report) -> str:
    """ONNX Runtime on an imitated processor, from ``without_vnni.json``."""
    result = json.loads((RESULTS / "without_vnni.json").read_text(encoding="utf-8"))
    columns = ["model", "with VNNI", "without", "faces that get another answer"]
    lines = [_line(columns), f"|{'---|' * len(columns)}"]
    for row in result["rows"]:
        accuracy = [f"{row[key]:.2%}" for key in ("accuracy_here", "accuracy_without_vnni")]
        others = f"{row['other_answers']} of {result['images']:,}"
        lines.append(_line([f"`{row['model']}`", *accuracy, others]))
    return "\n".join(lines)


def startup(_: Report) -> str:
    """Process start to first result, from ``startup.json``."""
    result = json.loads((RESULTS / "startup.json").read_text(encoding="utf-8"))
    lines = ["| program | backend | cold cache p50 | warm cache p50 / p90 |", "|---|---|---|---|"]
    seconds = {(c["program"], c["backend"], c["cache"]): c["seconds"] for c in result["cases"]}
    for program, backend in dict.fromkeys(key[:2] for key in seconds):
        cold, warm = (seconds[program, backend, cache] for cache in ("cold", "warm"))
        lines.append(
            f"| {program} | {backend} | {cold['p50']:.2f} s "
            f"| {warm['p50']:.2f} / {warm['p90']:.2f} s |"
        )
    return "\n".join(lines)


def peers(_: Report) -> str:
    """Our classifiers beside other packages', from ``classifiers.json``, and what they publish."""
    result = json.loads((RESULTS / "classifiers.json").read_text(encoding="utf-8"))
    names = [peer["name"] for peer in result["peers"]]
    titles = ["classifier", "runtime", "accuracy (95 %)", "p50"]
    titles += [f"times faster than {name} (95 %)" for name in names]
    lines = [_line(titles), f"|{'---|' * len(titles)}"]
    for peer in result["peers"]:
        title = f"{peer['name']} {next(iter(peer['versions'].values()))}"
        lines.append(_line([title, peer["runtime"], *_timed(peer), *("" for _ in names)]))
    for row in result["edge_emotion"]:
        ratios = [
            f"{each['median']:.2f} ({each['low']:.2f} to {each['high']:.2f})"
            for each in (row["times_faster"][name] for name in names)
        ]
        lines.append(_line([f"`{row['model']}`", row["backend"], *_timed(row), *ratios]))
    published = json.loads((PEERS / "published.json").read_text(encoding="utf-8"))
    for row in published:
        said = f"published: {row['accuracy']:.1%} on [{row['on']}]({row['source']})"
        lines.append(_line([row["name"], "not measured", said, "", *("" for _ in names)]))
    return "\n".join(lines)


def _timed(row: dict[str, Any]) -> tuple[str, str]:
    return (
        _with_interval(row["accuracy"], row["accuracy_ci95"]),
        f"{row['latency_ms']['p50'] * 1000:.0f} µs",
    )


def loop(_: Report) -> str:
    """Our camera loop beside fer's, from ``camera-loop.json``."""
    result = json.loads((RESULTS / "camera-loop.json").read_text(encoding="utf-8"))
    titles = ["faces in the picture", "fer", "edge-emotion", "times faster, each round"]
    lines = [_line(titles), f"|{'---|' * len(titles)}"]
    for faces, sides in result["faces"].items():
        rates = [
            f"{statistics.median(sides[side]['frames_per_second']):.0f} frames/s"
            for side in ("fer", "edge_emotion")
        ]
        ratios = ", ".join(f"{ratio:.1f}" for ratio in sides["ratios"])
        lines.append(_line([faces, *rates, ratios]))
    return "\n".join(lines)


def baselines(_: Report) -> str:
    """Other networks beside the family, from ``baselines.json``."""
    result = json.loads((RESULTS / "baselines.json").read_text(encoding="utf-8"))
    rows = {row["name"]: row for row in result["rows"]}
    reference = result["reference"]
    titles = ["network, INT8", "epochs", "MACs", "parameters", "file", "accuracy (95 %)"]
    for backend in BACKENDS:
        titles += [f"{backend_name(backend)} p50", f"÷ shipped `{reference}`"]
    lines = [_line(titles), f"|{'---|' * len(titles)}"]
    for name, row in rows.items():
        found = row["int8"]["accuracy"]["openvino"]
        cells = [
            name,
            str(row["epochs"] or "longer"),
            f"{row['macs'] / 1e6:.1f} M",
            f"{row['parameters'] / 1e6:.2f} M",
            f"{row['int8']['file_bytes'] / 1e6:.2f} MB",
            _with_interval(found["accuracy"], found["ci95"]),
        ]
        for backend in BACKENDS:
            timed = row["us_per_face"]["int8"][backend]
            cells += [f"{timed['p50']:.0f} µs", f"{timed['over_reference']:.2f}"]
        lines.append(_line(cells))
    told = [_faster(rows, reference, backend) for backend in BACKENDS]
    return "\n".join([*lines, "", *told, *_timed_together(rows)])


def _timed_together(rows: dict[str, Any]) -> list[str]:
    """Which rows took turns in one run, run by run."""
    dates = sorted({row["timed"] for row in rows.values()})
    names = {date: [name for name, row in rows.items() if row["timed"] == date] for date in dates}
    if len(dates) == 1:
        names = {dates[0]: ["all rows"]}
    return [
        f"* Timed in turns on {date[:10]} at {date[11:16]} UTC: {', '.join(names[date])}."
        for date in dates
    ]


def _faster(rows: dict[str, Any], reference: str, backend: str) -> str:
    """Which networks of others are as fast as the shipped ``reference``, and how good they are."""
    own = {name.removeprefix(SHIPPED) for name in rows if name.startswith(SHIPPED)}
    accuracies = {name: row["int8"]["accuracy"][backend]["accuracy"] for name, row in rows.items()}
    as_fast = [
        name
        for name, row in rows.items()
        if name.removeprefix(SHIPPED) not in own
        and row["us_per_face"]["int8"][backend]["over_reference"] <= 1
    ]
    told = [f"{name} {accuracies[name]:.2%}" for name in as_fast]
    return (
        f"* {backend_name(backend)}: as fast as `{reference}` or faster: "
        f"{', '.join(told) or 'none'}. "
        f"`{reference}` with their budget: {accuracies[reference]:.2%}; as shipped: "
        f"{accuracies[SHIPPED + reference]:.2%}."
    )


def default(_: Report) -> str:
    """The model of labels beside the model of votes, from ``default_model.json``."""
    result = json.loads((RESULTS / "default_model.json").read_text(encoding="utf-8"))
    titles = [
        "model", "FER-2013's labels (95 %)", "majority of votes (95 %)", "votes that agree",
        "majority of votes, spoiled faces", "named", "right of them",
    ]  # fmt: skip
    lines = [_line(titles), f"|{'---|' * len(titles)}"]
    for model, row in result["models"].items():
        spans = [
            _with_interval(truth["accuracy"], truth["ci95"])
            for truth in (row["labels"], row["votes"])
        ]
        others = (
            row["votes"]["vote_share"],
            row["spoiled"]["middle_mean"],
            row["named"]["share"],
            row["named"]["accuracy"],
        )
        lines.append(_line([f"`{model}`", *spans, *(f"{each:.1%}" for each in others)]))
    return "\n".join(lines)


def targets(_: Report) -> str:
    """What training towards votes does for the labels, from ``targets.json``."""
    result = json.loads((RESULTS / "targets.json").read_text(encoding="utf-8"))
    lines = [_line([f"`{result['network']}`, {result['epochs']} epochs, trained towards",
                    "FER-2013's labels (95 %)"]), "|---|---|"]  # fmt: skip
    lines += [
        _line([row["target"], _with_interval(row["accuracy"], row["ci95"])])
        for row in result["rows"]
    ]
    return "\n".join(lines)


def reproduced(_: Report) -> str:
    """What recipes give with another seed, from ``reproduced.json``, beside what ships."""
    rows = json.loads((RESULTS / "reproduced.json").read_text(encoding="utf-8"))
    titles = ["recipe", "judged by", "as it ships", "with another seed", "difference"]
    titles.append("points lost under corruptions")
    lines = [_line(titles), f"|{'---|' * len(titles)}"]
    judges = {"fer2013": "labels", "ferplus": "majority of votes"}
    for row in sorted(rows, key=lambda row: (row["model"], row["seed"])):
        manifest = resolve_model(row["model"]).manifest
        ships = {
            each.backend: each.accuracy
            for each in manifest.accuracy
            if each.labels == row["judged_by"]
        }
        again = row["accuracy"]
        shipped, found = (
            " / ".join(f"{each[backend]:.2%}" for backend in BACKENDS) for each in (ships, again)
        )
        points = " / ".join(
            f"{100 * round(again[each] - ships[each], 4) + 0:+.2f}" for each in BACKENDS
        )
        lost = "" if manifest.robustness is None else f"{100 * manifest.robustness.drop_middle:.2f}"
        star = "" if row["shipped_sha256"] == manifest.sha256 else "*"
        drops = f"{lost}, again {100 * row['drop_middle']:.2f}"
        cells = [
            f"`{row['model']}`{star}",
            judges[row["judged_by"]],
            shipped,
            found,
            f"{points} points",
            drops,
        ]
        lines.append(_line(cells))
    return "\n".join(lines)


BLOCKS: dict[str, Callable[[Report], str]] = {
    "accuracy": accuracy,
    "shipping": shipping,
    "vnni": without_vnni,
    "startup": startup,
    "peers": peers,
    "loop": loop,
    "baselines": baselines,
    "default": default,
    "targets": targets,
    "reproduced": reproduced,
}
"""Name between the comments in README.md → what writes it."""


def with_tables(readme: str, report: Report) -> str:
    """README with every block that it holds written anew."""
    held = re.findall(r"^<!-- (\w+) -->$", readme, re.MULTILINE)
    for name in ("accuracy", *held):
        opening, closing = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        if name not in BLOCKS or opening not in readme or closing not in readme:
            raise click.ClickException(f"README.md cannot have its block {name} written")
        before, _, rest = readme.partition(opening)
        _, _, after = rest.partition(closing)
        readme = f"{before}{opening}{BLOCKS[name](report)}\n{closing}{after}"
    return readme


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where a table differs.")
def main(check: bool) -> None:
    """Rewrite README's tables from the measured results."""
    before = README.read_text(encoding="utf-8")
    after = with_tables(before, read_report(REPORT))
    if check and after != before:
        sys.exit("README.md differs from benchmarks/results: run python benchmarks/readme.py")
    if not check:
        write_text(README, after)


if __name__ == "__main__":
    main()
