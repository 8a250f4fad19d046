"""Which parts of a batch count as done."""

from pathlib import Path

import pytest

from deployments.batch.parts import Account, done_parts, name_of, open_part


def written(out: Path, part: int) -> Account:
    account = Account(part, 1, 2, 0, 0.5)
    prompts, leads = open_part(out, part)
    with prompts, leads:
        prompts.add([{"prompt_id": "p", "row": 1}])
        leads.add([{"prompt_id": "p", "rank": 1}, {"prompt_id": "p", "rank": 2}])
        prompts.publish()
        leads.publish(account)
    return account


@pytest.mark.parametrize("folder", ["leads", "prompts"])
@pytest.mark.parametrize("content", [None, b"", b"PAR1", "half"])
def test_a_part_of_which_a_file_is_gone_or_cut_short_is_done_again(
    tmp_path: Path, folder: str, content: bytes | str | None
):
    whole = {0: written(tmp_path, 0)}
    written(tmp_path, 1)
    path = tmp_path / folder / name_of(1)
    if content is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-20] if content == "half" else bytes(content))
    assert done_parts(tmp_path) == whole


def test_what_fails_to_close_leaves_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    prompts, leads = open_part(tmp_path, 0)
    with prompts, pytest.raises(OSError, match="No space"), leads:
        monkeypatch.setattr(leads, "_writer", _FullDisk(leads._writer))
    assert list(tmp_path.glob("*/.part-*")) == []


class _FullDisk:
    def __init__(self, writer):
        self._writer = writer

    def close(self):
        self._writer.close()
        raise OSError(28, "No space left on device")
