"""The Python packages and programs that these tests need."""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
ENVIRONMENT = ROOT / "target" / "chart" / "venv"
# The exit code of tests that this machine cannot run; tests/where-possible takes it as no failure.
NOT_RUN = 77


def not_run(why):
    """Ends tests that this machine cannot run."""
    print(f"NOT RUN: {why}", file=sys.stderr)
    sys.exit(NOT_RUN)


def enter():
    """Continues this script in a virtual environment with the packages of requirements.txt."""
    if Path(sys.prefix) == ENVIRONMENT:
        return
    python = ENVIRONMENT / "bin" / "python"
    installed = ENVIRONMENT / "requirements.sha256"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if not installed.exists() or installed.read_text() != wanted:
        install = ["-m", "pip", "install", "--quiet", "--no-compile", "--require-hashes", "-r", str(REQUIREMENTS)]
        try:
            venv.create(ENVIRONMENT, clear=True, with_pip=True)
            subprocess.run([python, *install], check=True)
        except (OSError, subprocess.CalledProcessError):
            not_run(
                f"The Python packages cannot be installed. Once they can be, run:\n"
                f"  tests/install-packages python3-venv\n"
                f"  python3 -m venv --clear {ENVIRONMENT} && {python} {' '.join(install)}"
            )
        installed.write_text(wanted)
    os.execv(python, [python, *sys.argv])


def program(name, package):
    """The path of a program of a Debian package."""
    return shutil.which(name) or not_run(
        f"{name} is missing. Once it can be installed, run: tests/install-packages {package}"
    )


def tollgate(arguments):
    """The gateway's binary: the first argument, or the debug build."""
    path = Path(arguments[0] if arguments else ROOT / "target" / "debug" / "tollgate").resolve()
    if not path.exists():
        sys.exit(f"{path} is missing. Run: cargo build")
    return path
