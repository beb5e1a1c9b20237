"""Make fer's own virtual environment in the cache folder, and print its interpreter's path.

python benchmarks/peers/fer/install.py
"""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

from edge_emotion.jsonio import cache_directory, write_text

FER = "fer==25.10.3"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def install() -> Path:
    """The interpreter of an environment that has fer; made once for each list of requirements.

    Raises:
        subprocess.CalledProcessError: pip cannot get a package.
    """
    folder = cache_directory() / "peers" / FER.replace("==", "-")
    python = folder / "bin" / "python"
    wanted = f"{FER}\n{REQUIREMENTS.read_text(encoding='utf-8')}"
    done = folder / "installed.txt"
    if done.is_file() and done.read_text(encoding="utf-8") == wanted:
        return python
    venv.create(folder, with_pip=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for arguments in (["--no-deps", FER], ["--requirement", str(REQUIREMENTS)]):
        subprocess.run([*pip, *arguments], check=True, stdout=sys.stderr)  # noqa: S603 - constants
    write_text(done, wanted)
    return python


if __name__ == "__main__":
    print(install())
