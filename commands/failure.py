"""How a command fails: one line on stderr that says what is wrong and what to do, and an exit code."""

USAGE = 2
FAILURE = 1


class CommandError(Exception):
    """The command cannot be carried out; the message is for a person and fits one line.

    Exit code 2: the caller can mend arguments or input; 1: something failed.
    """

    def __init__(self, message: str, exit_code: int = FAILURE) -> None:
        super().__init__(message, exit_code)
        self.message = message
        self.exit_code = exit_code
