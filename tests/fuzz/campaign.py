"""Give every parser spoilt inputs, and hold what it does against what it may do.

    python -m tests.fuzz.campaign --inputs 100000 --out benchmarks/results/fuzz.json

A parser may return, or raise one of the project's own errors, on one line. Anything else, more than
a second, or more than 200 MB is a finding; the input is kept beside the result.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edge_emotion.errors import EdgeEmotionError
from edge_emotion.jsonio import write_json
from tests.fuzz.mutation import mutated
from tests.fuzz.parsers import Parser, all_parsers, trained_parsers

SLOW_SECONDS = 1.0
GROWTH_BYTES = 200_000_000


@dataclass
class Outcome:
    """What one parser did."""

    inputs: int = 0
    slowest_seconds: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)


def attack(parser: Parser, inputs: int, seed: int, kept: Path) -> Outcome:
    """Spoil a parser's examples so many times.

    Args:
        parser: whom to ask.
        inputs: how often.
        seed: the same seed gives the same inputs.
        kept: folder for inputs that found something.
    """
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    found = Outcome()
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(inputs):
            content = mutated(chance.choice(parser.examples), parser.examples, chance)
            start = time.process_time()  # what it takes itself, whatever else the machine does
            finding = None
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    parser.read(content, Path(folder))
            except EdgeEmotionError as error:
                found.outcomes[type(error).__name__] += 1
                if "\n" in str(error):
                    finding = f"an error of several lines: {error!r}"
            except Exception as error:  # noqa: BLE001 - what must not come is what is looked for
                finding = f"{type(error).__name__}: {error}"
            else:
                found.outcomes["read"] += 1
            seconds = time.process_time() - start
            found.inputs += 1
            found.slowest_seconds = max(found.slowest_seconds, seconds)
            if seconds > SLOW_SECONDS:
                finding = f"took {seconds:.1f} s"
            if finding is not None:
                found.findings.append(finding)
                kept.mkdir(parents=True, exist_ok=True)
                (kept / f"{len(found.findings)}.bin").write_bytes(content)
    return found


def peak_bytes() -> int:
    """The most memory that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    """Attack all, write the result, and exit 1 where something was found."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--inputs", type=int, default=100_000, help="Over all parsers.")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--only", help="One parser.")
    arguments.add_argument("--out", type=Path, required=True)
    given = arguments.parse_args()
    parsers: Mapping[str, Parser] = {**all_parsers(), **trained_parsers()}
    chosen = [given.only] if given.only else list(parsers)
    each = -(-given.inputs // len(chosen))
    before = peak_bytes()
    outcomes = {}
    for name in chosen:
        kept = given.out.parent / "fuzz-findings" / name
        outcomes[name] = attack(parsers[name], each, given.seed, kept)
        told = f"{name}: {dict(outcomes[name].outcomes)} {sorted(set(outcomes[name].findings))}\n"
        sys.stderr.write(told)
    growth = peak_bytes() - before
    write_json(
        given.out,
        {
            "schema": "edge-emotion/fuzz/1",
            "seed": given.seed,
            "inputs": sum(one.inputs for one in outcomes.values()),
            "findings": sum(len(one.findings) for one in outcomes.values()),
            "slowest_seconds": max(one.slowest_seconds for one in outcomes.values()),
            "memory_growth_bytes": growth,
            "parsers": {
                name: {"inputs": one.inputs, "outcomes": dict(one.outcomes)}
                for name, one in outcomes.items()
            },
        },
    )
    if growth > GROWTH_BYTES or any(one.findings for one in outcomes.values()):
        sys.exit(f"something was found; memory grew by {growth / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
