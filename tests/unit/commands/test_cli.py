"""Every failure of `leads` is one line on stderr and an exit code; a traceback only with --debug."""

import pytest

import cli
from commands.failure import CommandError
from ranking.errors import ArtifactError, Unavailable


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(list(arguments))
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize(
    ("error", "line", "code"),
    [
        (CommandError("no such file; name another", 2), "leads: no such file; name another", 2),
        (Unavailable("postgres", "ended with\ncode 1"), "leads: postgres: ended with code 1", 1),
        (ArtifactError("booster", "damaged"), "leads: booster: damaged", 1),
        (
            ZeroDivisionError("division by zero"),
            "leads: unexpected ZeroDivisionError: division by zero; run it again with --debug",
            1,
        ),
    ],
)
def test_a_failure_is_one_line_and_a_code(
    error: Exception,
    line: str,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*given: object, **named: object) -> None:
        raise error

    monkeypatch.setattr(cli, "app", fail)
    assert run("status") == code
    assert capsys.readouterr().err == line + "\n"


def test_debug_shows_the_traceback_wherever_it_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*given: object, **named: object) -> None:
        raise Unavailable("redis", "gone")

    monkeypatch.setattr(cli, "app", fail)
    assert run("status", "--debug") == 1
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert said.endswith("leads: redis: gone\n")


def test_an_interrupt_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*given: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "app", interrupt)
    assert run("up") == 130


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fly"], "No such command 'fly'; see `leads --help`"),
        (["status", "--colour"], "No such option: --colour; see `leads --help`"),
        (["up", "--port", "5"], "Invalid value for '--port': Input should be greater than or equal to 1024"),
    ],
)
def test_wrong_usage_is_2_and_says_what_is_wrong(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    line = capsys.readouterr().err
    assert said in line
    assert line.count("\n") == 1


def test_no_command_shows_the_help_and_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 2
    captured = capsys.readouterr()
    assert "Usage: leads" in captured.out
    assert captured.err == ""


def test_help_is_0() -> None:
    assert run("--help") == 0
