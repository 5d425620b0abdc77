"""What an exit status means, in one table; `--help` and docs/cli.md say the same."""

from __future__ import annotations

DONE = 0
WRONG = 1
USAGE = 2
NOT_RUNNING = 3
INTERRUPTED = 130
READER_GONE = 141

MEANING = {
    DONE: "done",
    WRONG: "it ran, and something is wrong",
    USAGE: "wrong usage, or a configuration that cannot be used",
    NOT_RUNNING: "the node or the peer it needs is not running or cannot be reached",
    INTERRUPTED: "ended by Ctrl-C",
    READER_GONE: "whoever read the output stopped reading",
}

EPILOG = "exit status: " + "; ".join(f"{status} {text}" for status, text in MEANING.items()) + "."


class Stop(Exception):
    """A command ends here, with a sentence for the person who called it and an exit status."""

    def __init__(self, sentence: str, status: int = WRONG) -> None:
        super().__init__(sentence)
        self.status = status
