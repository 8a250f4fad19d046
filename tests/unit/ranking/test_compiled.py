"""How kernels are compiled: once, for arrays of either kind, also where nothing can be kept."""

import ast
from pathlib import Path

import numpy as np
import pytest

from ranking.kernels import admission, compiled

FOLDER = Path(compiled.__file__).parent


def test_one_compilation_serves_writable_and_memory_mapped_arrays() -> None:
    compiled.compile_declared()
    compilations = len(admission.members_before.overloads)  # two when a test called it before it was compiled
    assert compilations
    bits = np.packbits([True, False, True])
    locked = bits.copy()
    locked.flags.writeable = False
    assert admission.members_before(bits).tolist() == admission.members_before(locked).tolist() == [0, 2]
    assert len(admission.members_before.overloads) == compilations


def test_kernels_work_where_no_cache_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    njit = compiled.njit

    def homeless(**options: bool) -> object:
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return njit(**options)

    monkeypatch.setattr(compiled, "njit", homeless)
    monkeypatch.setattr(compiled, "_declared", [])

    @compiled.kernel(compiled.I8)
    def doubled(number: int) -> int:
        return 2 * number

    assert doubled(21) == 42


@pytest.mark.parametrize("module", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_no_kernel_takes_code_or_constants_from_another_kernels_file(module: Path) -> None:
    # numba's cache would not notice a change there
    imported = {
        node.module
        for node in ast.walk(ast.parse(module.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
    }
    kernels = {name for name in imported if name is not None and name.startswith("ranking.kernels.")}
    assert kernels <= {"ranking.kernels.compiled"}
