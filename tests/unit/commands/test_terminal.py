"""What a supplier wrote is shown, and commands nothing."""

from commands.terminal import harmless, plain_console, whole_table


def test_brackets_and_colons_of_others_are_shown_as_they_are() -> None:
    table = whole_table("said")
    for said in ("[/closed] before it was opened", "[red]miner[/red]", ":skull:"):
        table.add_row(said)
    console = plain_console()
    with console.capture() as captured:
        console.print(table)
    for said in ("[/closed] before it was opened", "[red]miner[/red]", ":skull:"):
        assert said in captured.get()


def test_what_commands_a_terminal_is_written_out() -> None:
    assert harmless("a\x1b[2Jb\n\u202ec") == "a\\x1b[2Jb\\n\\u202ec"
    assert harmless("Müller & Söhne, 東京") == "Müller & Söhne, 東京"


def test_a_key_is_shown_whole_however_narrow_the_terminal() -> None:
    table = whole_table("key", "label")
    table.add_row("8214fd1c9d8f3ff089e5b1d0883483b0", "this system's own")
    console = plain_console()
    console.width = 30
    with console.capture() as captured:
        console.print(table)
    first = [line.split("│")[1].strip() for line in captured.get().splitlines() if "│" in line]
    assert "".join(first) == "8214fd1c9d8f3ff089e5b1d0883483b0"
