"""pip-audit over pinned requirements: fails on a known vulnerability that nobody has explained.

    .venv/bin/python scripts/check_dependencies.py requirements/dev.txt src/functions/requirements.txt

A build without internet has to work, so an advisory service that cannot be asked is no failure; it is said loudly.
Whether it can be asked is tried out, not guessed: first about a release with known vulnerabilities. A proxy or mirror
that answers everything with "nothing known" is found out that way too. pip-audit lives in .venv/lint.
"""

import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PIP_AUDIT = ROOT / ".venv" / "lint" / "bin" / "pip-audit"
ADVISORIES = "https://api.osv.dev/v1/query"  # https://google.github.io/osv.dev/post-v1-query/
KNOWN_VULNERABLE = "jinja2==2.4.1"  # the example of that page


def audited(files: list[Path], service: str) -> tuple[list[dict[str, Any]], str]:
    """pip-audit's dependencies, none if it could not say; and its stderr."""
    requirements = [option for file in files for option in ("--requirement", str(file))]
    done = subprocess.run(  # noqa: S603 our own list of arguments
        [PIP_AUDIT, "--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json",
         "--vulnerability-service", "osv", "--osv-url", service, *requirements],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        return list(json.loads(done.stdout)["dependencies"]), done.stderr
    except json.JSONDecodeError:
        return [], done.stderr


def can_be_asked(service: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        probe = Path(folder) / "probe.txt"
        probe.write_text(KNOWN_VULNERABLE)
        return any(dependency.get("vulns") for dependency in audited([probe], service)[0])


def complaints(dependencies: list[dict[str, Any]], accepted: dict[str, str]) -> Iterator[str]:
    """What is wrong, a line each. `accepted`: advisory to the reason why it does not concern us."""
    seen: set[str] = set()
    for dependency in dependencies:
        if "skip_reason" in dependency:
            yield f"{dependency['name']}: {dependency['skip_reason']}"
        for advisory in dependency.get("vulns", []):
            names = {advisory["id"], *advisory["aliases"]}
            seen |= names
            if not names & accepted.keys():
                mended = ", ".join(advisory["fix_versions"]) or "no release yet"
                yield f"{dependency['name']} {dependency['version']}: {' '.join(sorted(names))}, mended in {mended}"
    for name, reason in sorted(accepted.items()):
        if name not in seen:
            yield f"{name}: accepted in pyproject.toml, but nothing has it any more"
        elif not reason.strip():
            yield f"{name}: accepted in pyproject.toml without a reason"


def main(files: list[Path], service: str = ADVISORIES, accepted: dict[str, str] | None = None) -> int:
    """The exit status: 1 if there is something to do."""
    if accepted is None:
        accepted = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["accepted-advisories"]
    if not can_be_asked(service):
        print(
            "\n*** NOT AUDITED: the advisory service cannot be asked from here, so nobody looked for known\n"
            "*** vulnerabilities in the pinned packages. `make lint` with access to the internet does.\n",
            file=sys.stderr,
        )
        return 0
    dependencies, said = audited(files, service)
    found = list(complaints(dependencies, accepted)) if dependencies else [f"pip-audit gave no answer: {said[-2000:]}"]
    print(*found, sep="\n", end="\n" if found else "", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]]))
