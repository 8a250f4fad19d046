"""The `leads` command: composes the groups of `commands` and turns every failure into one line and an exit code."""

import sys
import traceback

import typer
from typer.exceptions import TyperException

from commands import (
    asking,
    batching,
    bench,
    demo,
    evaluating,
    generating,
    importing,
    keys,
    miners,
    models,
    repeats,
    sources,
    streaming,
    system,
    training,
)
from commands.failure import FAILURE, USAGE, CommandError
from ranking.errors import DependencyError, LeadError, RequestError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Rank the B2B leads most likely to buy what a prompt describes. `--debug` shows tracebacks.",
)
app.command()(system.up)
app.command()(system.down)
app.command()(system.status)
app.command("generate")(generating.generate_command)
app.command("import")(importing.import_command)
app.command("embed")(importing.embed_command)
app.command()(streaming.produce)
app.command()(streaming.ingest)
app.add_typer(streaming.dlq, name="dlq")
app.add_typer(repeats.repeats, name="repeats")
app.add_typer(miners.miners, name="miners")
app.add_typer(keys.keys, name="keys")
app.add_typer(models.models, name="models")
app.add_typer(sources.sources, name="sources")
app.command()(asking.query)
app.command("batch")(batching.batch_command)
app.command("train")(training.train_command)
app.command("evaluate")(evaluating.evaluate_command)
app.command()(bench.bench)
app.command()(demo.demo)


def main(arguments: list[str] | None = None) -> None:
    """Run one command and exit: 0, 2 for bad usage or input, 1 for failure, 130 when interrupted."""
    given = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in given
    try:
        code = app([word for word in given if word != "--debug"], prog_name="leads", standalone_mode=False)
    except KeyboardInterrupt:
        code = 130
    except Exception as err:  # noqa: BLE001 - the last place where a failure can become a sentence
        if debug:
            traceback.print_exc()
        code = _explain(err)
    sys.exit(code or 0)


def _explain(err: Exception) -> int:
    """Write what went wrong to stderr, in one line; return the exit code."""
    if isinstance(err, CommandError):
        sentence, code = err.message, err.exit_code
    elif isinstance(err, TyperException):
        said = err.format_message().rstrip(".")
        if not said:  # no arguments at all: the help was the answer
            return USAGE
        sentence, code = f"{said}; see `leads --help`", USAGE
    elif isinstance(err, RequestError):
        sentence, code = str(err.args[0]), USAGE
    elif isinstance(err, DependencyError):
        sentence, code = f"{err.dependency}: {err.reason}", FAILURE
    elif isinstance(err, LeadError):
        sentence, code = ": ".join(str(part) for part in err.args), FAILURE
    else:
        sentence, code = f"unexpected {type(err).__name__}: {err}; run it again with --debug", FAILURE
    sys.stderr.write(f"leads: {' '.join(sentence.split())}\n")
    return code


if __name__ == "__main__":
    main()
