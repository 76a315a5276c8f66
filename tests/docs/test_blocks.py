"""What a page shows as the output of a block is compared with what the block prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.blocks import BLOCK, run_blocks, shown_after

PRINTS = "```bash\necho one; echo '  two' >&2\n```\n"


@pytest.mark.parametrize("shown", ["one\ntwo", "two\n...", "one\n\n", "...", ""])
def test_lines_that_are_printed_may_be_shown(shown: str, tmp_path: Path) -> None:
    run_blocks(f"{PRINTS}\n```text\n{shown}\n```\n", tmp_path)


@pytest.mark.parametrize("shown", ["three", "one\nthree", "on", "one two"])
def test_a_line_that_is_not_printed_is_found(shown: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="is not what it prints"):
        run_blocks(f"{PRINTS}\n```text\n{shown}\n```\n", tmp_path)


def test_a_block_that_fails_is_found(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        run_blocks("```bash\nfalse\n```\n", tmp_path)


def test_only_the_fence_right_after_a_block_is_its_output() -> None:
    page = f"{PRINTS}\nElsewhere:\n\n```text\nthree\n```\n"
    found = BLOCK.search(page)
    assert found is not None
    assert shown_after(page, found) == []
