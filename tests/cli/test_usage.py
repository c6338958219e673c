"""What a command line that cannot be read gets: exit status 2, and one line with what may have been meant."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from poller_local.cli import COMMANDS, app
from tests.support.fake_api import JOB, FakeApi

Command = Callable[..., subprocess.CompletedProcess[str]]

NAMED_SHELL = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}  # the shell around a test is none to go by
OPTIONS = [
    (name, option)
    for name, command in typer.main.get_command(app).commands.items()
    for parameter in command.params
    for option in parameter.opts
    if option.startswith("--") and not getattr(parameter, "is_flag", False)
]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("statsu",), "No such command 'statsu'; did you mean 'status'? See 'poller --help'"),
        (("fetch",), f"No such command 'fetch'; there are {', '.join(COMMANDS)}; see 'poller --help'"),
        (("list", "--limti", "3"), "No such option: --limti; did you mean --limit? See 'poller list --help'"),
        (("list", "--frobnicate"), "No such option: --frobnicate; see 'poller list --help'"),
        (("list", "--limit"), "Option '--limit' requires an argument; see 'poller list --help'"),
        (("run", "--wait=maybe"), "Option '--wait' does not take a value; see 'poller run --help'"),
        (("status",), "Missing argument 'JOB'; see 'poller status --help'"),
        (("status", "a", "b"), "Got unexpected extra argument(s) (b); see 'poller status --help'"),
        (("list", "--api-url", "https://a", "--stack-name", "b"), "Give either --api-url or --stack-name, not both"),
        (("list", "--region", "eu-west-1"), "--region needs --stack-name or --api-url"),
        (("status", ""), "an argument is empty (a shell variable that is not set?); give it a value"),
    ],
)
def test_a_command_line_that_cannot_be_read_is_one_line_and_exits_2(
    command: Command, arguments: tuple[str, ...], line: str
):
    done = command(*arguments)

    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"poller: {line}\n")


@pytest.mark.parametrize(("name", "option"), OPTIONS)
@pytest.mark.parametrize("words", [("{}", ""), ("{}=",)])
def test_no_option_of_any_command_may_be_empty(command: Command, name: str, option: str, words: tuple[str, ...]):
    done = command(name, *(word.format(option) for word in words))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"poller: {option} is empty (a shell variable that is not set?); give it a value\n"


def test_an_empty_download_folder_is_not_the_present_one(api: FakeApi, command: Command, tmp_path: Path):
    done = command("results", JOB, "--download", "", "--api-url", api.url)

    assert done.returncode == 2
    assert not list(tmp_path.iterdir())
    assert not api.server.log


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_help_under_both_names(command: Command, name: str):
    short, long = command(name, "-h"), command(name, "--help")

    assert (short.returncode, short.stderr) == (0, "")
    assert short.stdout == long.stdout
    assert f"Usage: poller {name}" in short.stdout


def test_the_commands_that_are_suggested_are_those_there_are():
    assert sorted(COMMANDS) == sorted(typer.main.get_command(app).commands)


def test_the_default_of_a_port_is_shown(command: Command):
    assert "[default: 4566]" in command("up", "--help").stdout


def test_the_version_is_one_line(command: Command):
    done = command("--version")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "poller 0.1.0\n"


def test_a_shell_can_complete_commands_and_options(poller: Command, environment: dict[str, str], tmp_path: Path):
    shell = {**environment, "HOME": str(tmp_path), "_POLLER_COMPLETE": "complete_bash", "COMP_CWORD": "1"}

    script = poller("--show-completion", "bash", env={**environment, **NAMED_SHELL})
    commands = poller(env={**shell, "COMP_WORDS": "poller re"})
    options = poller(env={**shell, "COMP_WORDS": "poller list --l", "COMP_CWORD": "2"})

    assert (script.returncode, script.stderr) == (0, "")
    assert "complete -o default -F _poller_completion poller" in script.stdout
    assert commands.stdout.split() == ["results", "redrive"]
    assert options.stdout.split() == ["--limit"]


def test_completion_installs_itself_into_the_shells_settings(
    poller: Command, environment: dict[str, str], tmp_path: Path
):
    (tmp_path / ".bashrc").write_text("# mine\n")

    done = poller("--install-completion", "bash", env={**environment, **NAMED_SHELL, "HOME": str(tmp_path)})

    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / ".bashrc").read_text().startswith("# mine\n")
    assert ".bash_completions/poller.sh" in (tmp_path / ".bashrc").read_text()
    assert os.path.getsize(tmp_path / ".bash_completions" / "poller.sh")
