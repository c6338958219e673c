"""The gates of `make lint` can fail: each is shown what it is there to find."""

import json
import re
import shutil
import subprocess
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pytest_httpserver import HTTPServer
from scripts import check_dependencies, check_template
from werkzeug import Request, Response

from tests.support.local_stack import free_port
from tests.support.template import ROOT, templates

QUEUE = """
  {name}:
    Type: AWS::SQS::Queue
    Metadata: {{ checkov: {{ skip: [{skips}] }} }}
    Properties: {{ {properties} }}
"""
LONG = "Encrypted with the key that SQS owns; nothing secret."


def queue(name: str, *skips: tuple[str, str], properties: str = "DelaySeconds: 0") -> str:
    written = ", ".join(f'{{ id: {check}, comment: "{reason}" }}' for check, reason in skips)
    return QUEUE.format(name=name, skips=written, properties=properties)


@pytest.fixture(scope="session", autouse=True)
def gates() -> None:
    """checkov, pip-audit and bandit are installed, as `make lint` would."""
    subprocess.run(["make", "--silent", ".venv/lint/.ready"], cwd=ROOT, check=True)


@pytest.fixture(scope="module")
def complaints() -> list[str]:
    """What the gate says about files that are wrong in every way it knows, in one run: checkov is slow to start."""
    openapi = 'openapi: 3.0.3\ninfo: { title: t, version: "1" }\npaths: {}\n'
    files = {
        "template.yaml": "Resources:"
        + queue("Explained", ("CKV_AWS_27", LONG))
        + queue("Unexplained")
        + queue("Hurried", ("CKV_AWS_27", "not needed"))
        + queue("Mended", ("CKV_AWS_27", LONG), properties="KmsMasterKeyId: alias/mine")
        + queue("Misspelt", ("CKV_AWS_27", LONG), ("CKV_AWS_2700", LONG)),
        "excused.yaml": f"# checkov:skip=CKV_AWS_27:{LONG}\nResources:" + queue("Covered"),
        "other.yaml": "Resources:" + queue("Hidden", ("CKV_AWS_27", LONG)).replace("checkov:", "bridgecrew:"),
        "api/explained.yaml": f"# checkov:skip=CKV_OPENAPI_4:{LONG}\n" + openapi,
        "api/stale.yaml": f"# checkov:skip=CKV_OPENAPI_21:{LONG}\n" + openapi,
        "unread.yaml": "Resources: {}",
    }
    return list(check_template.complaints(files))


def test_checkov_lets_an_explained_finding_pass_and_nothing_else(complaints: list[str]) -> None:
    def about(word: str) -> list[str]:
        return [line for line in complaints if word in line]

    assert not about("Explained")
    assert not about("api/explained.yaml")
    assert not about("excused.yaml")
    assert about("Unexplained") == ["template.yaml: CKV_AWS_27 on Unexplained: mend it, or skip it there with a reason"]
    assert about("Hidden") == ["other.yaml: CKV_AWS_27 on Hidden: mend it, or skip it there with a reason"]
    assert about("Hurried") == [
        "template.yaml: CKV_AWS_27 on Hurried: the skip needs a reason of 25 characters or more"
    ]
    assert about("Mended") == ["template.yaml: CKV_AWS_27 on Mended: the skip is stale, nothing fails without it"]
    assert about("Misspelt") == ["template.yaml: CKV_AWS_2700 on Misspelt: the skip is stale, nothing fails without it"]
    assert "api/stale.yaml: CKV_OPENAPI_21: the skip is stale, nothing fails without it" in about("stale.yaml")
    assert "api/stale.yaml: CKV_OPENAPI_4: mend it, or skip it there with a reason" in about("stale.yaml")
    assert "unread.yaml: checkov read nothing in it" in about("unread")


def test_cfn_lint_asks_what_becomes_of_data(tmp_path: Path) -> None:
    shutil.copy(ROOT / ".cfnlintrc", tmp_path)
    for path in templates():
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text("Resources:\n  Kept: { Type: AWS::SQS::Queue }\n")

    done = subprocess.run([ROOT / ".venv/bin/cfn-lint"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode != 0
    said = re.findall(r"I3011 [^\n]*\n(\S+):\d+:\d+", done.stdout)
    assert set(said) == {str(path.relative_to(ROOT)) for path in templates()}


def test_bandit_reads_what_is_deployed(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("import pickle\n\npickle.loads(b'')\n")

    done = subprocess.run(
        [check_template.CHECKOV.with_name("bandit"), "--quiet", "--recursive", tmp_path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert "B301" in done.stdout


def test_make_lint_runs_every_gate() -> None:
    plan = subprocess.run(
        ["make", "--dry-run", "lint"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()

    for gate in (
        ".venv/bin/cfn-lint",
        "sam validate --lint --template $template",
        "check_template.py template.yaml demo-api/template.yaml api/*.yaml demo-api/*.openapi.yaml",
        "bandit --quiet --recursive src demo-api/src",
        "check_dependencies.py requirements/dev.txt src/functions/requirements.txt",
    ):
        assert [line for line in plan if gate in line], gate


def test_what_is_deployed_is_pinned_whole() -> None:
    # What a pinned package pulls in would else be resolved anew by every sam build, and nobody have audited it.
    lines = (ROOT / "src/functions/requirements.txt").read_text().splitlines()
    pinned = [Requirement(line) for line in lines if line and not line.startswith("#")]
    needed = [
        needs
        for package in pinned
        for needs in map(Requirement, requires(package.name) or [])
        if needs.marker is None or needs.marker.evaluate({"extra": "", "python_version": "3.13"})
    ]

    assert all(str(package.specifier).startswith("==") for package in pinned)
    assert {canonicalize_name(needs.name) for needs in needed} <= {canonicalize_name(p.name) for p in pinned}


class TestDependencies:
    """pip-audit itself, against an advisory service on loopback that speaks OSV's protocol."""

    KNOWN = "PYSEC-2014-8"

    @pytest.fixture
    def pinned(self, tmp_path: Path) -> list[Path]:
        file = tmp_path / "pinned.txt"
        file.write_text("first==1.0\nsecond==2.0\n")
        return [file]

    def serve(self, httpserver: HTTPServer, vulnerable: set[str]) -> str:
        def answer(request: Request) -> Response:
            name = json.loads(request.data)["package"]["name"]
            affected = [{"package": {"name": name, "ecosystem": "PyPI"}, "ranges": []}]
            known = {"vulns": [{"id": self.KNOWN, "aliases": ["CVE-2014-0012"], "summary": "s", "affected": affected}]}
            return Response(json.dumps(known if name in vulnerable else {}), content_type="application/json")

        httpserver.expect_request("/v1/query").respond_with_handler(answer)
        return httpserver.url_for("/v1/query")

    def test_a_known_vulnerability_fails(
        self, httpserver: HTTPServer, pinned: list[Path], capsys: pytest.CaptureFixture[str]
    ) -> None:
        service = self.serve(httpserver, {"jinja2", "second"})

        assert check_dependencies.main(pinned, service, {}) == 1

        said = capsys.readouterr().err
        assert f"second 2.0: CVE-2014-0012 {self.KNOWN}, mended in no release yet" in said
        assert "first" not in said

    def test_an_explained_one_passes_until_it_is_gone(
        self, httpserver: HTTPServer, pinned: list[Path], capsys: pytest.CaptureFixture[str]
    ) -> None:
        service = self.serve(httpserver, {"jinja2", "second"})

        assert check_dependencies.main(pinned, service, {self.KNOWN: "We never call it."}) == 0
        assert check_dependencies.main(pinned, service, {self.KNOWN: "We never call it.", "GONE-1": "Once."}) == 1
        assert "GONE-1: accepted in pyproject.toml, but nothing has it any more" in capsys.readouterr().err

    @pytest.mark.parametrize("answers", [True, False], ids=["knows nothing", "unreachable"])
    def test_a_service_that_cannot_be_asked_is_said_loudly(
        self, answers: bool, httpserver: HTTPServer, pinned: list[Path], capsys: pytest.CaptureFixture[str]
    ) -> None:
        # A mirror may answer every question with "nothing known": that is no audit either.
        service = self.serve(httpserver, set()) if answers else f"http://127.0.0.1:{free_port()}/v1/query"

        assert check_dependencies.main(pinned, service, {}) == 0

        assert "NOT AUDITED" in capsys.readouterr().err

    def test_an_audit_without_an_answer_fails(
        self, httpserver: HTTPServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        unpinned = tmp_path / "unpinned.txt"
        unpinned.write_text("first\n")

        assert check_dependencies.main([unpinned], self.serve(httpserver, {"jinja2"}), {}) == 1

        assert "not pinned" in capsys.readouterr().err
