"""Whatever was promoted and rolled back, what serves is the top of a stack."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from models.registry_log import Change, in_force

AT = datetime(2026, 2, 1, tzinfo=UTC)


@given(st.lists(st.one_of(st.none(), st.integers(0, 5)), max_size=30))
def test_promotions_push_and_roll_backs_pop(steps: list[int | None]) -> None:
    stack: list[str] = []
    changes: list[Change] = []
    for step in steps:
        if step is None and len(stack) > 1:
            stack.pop()
            changes.append(Change(action="roll back", version=stack[-1], replaced=None, at=AT, by="x"))
        elif step is not None:
            stack.append(f"v{step}")
            changes.append(Change(action="promote", version=stack[-1], replaced=None, at=AT, by="x"))
    state = in_force(changes)
    assert state.served == tuple(stack)
    assert state.production == (stack[-1] if stack else None)
    assert state.past == {change.version for change in changes}
