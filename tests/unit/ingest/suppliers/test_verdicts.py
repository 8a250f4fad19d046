"""Suppliers judged on records made up by chance: who cheats is found, who does not is left alone."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.suppliers import SupplierArgs
from ingest.suppliers.crediting import Revision
from ingest.suppliers.record import ShownLead, Supplier, SupplierRecord
from ingest.suppliers.templates import Likeness
from ingest.suppliers.verdicts import judge_suppliers, throttle_reason

ARGS = SupplierArgs()
UNLIKE = Likeness(100, 0.0, 0.5)


def supplier(name: str, **fields: object) -> Supplier:
    made = Supplier(name, f"miner {name}", frozenset(), 100, 0, 0, False, UNLIKE)
    return replace(made, **fields)


def shown(position: int, *miners: str, clicked: bool = False, converted: bool = False) -> ShownLead:
    signals = [(miner, f"{miner}-s", 0.1) for miner in miners]
    return ShownLead("customer", "acme", 1.0, position, True, clicked, converted, 0.1 * len(miners), signals)


def record(suppliers: list[Supplier], leads: list[ShownLead]) -> SupplierRecord:
    number = {each.miner_id: place for place, each in enumerate(suppliers)}
    snippets = {
        (miner, key): [Revision(number[miner], key, "acme", ("news", miner), hash(miner), 0.0)]
        for lead in leads
        for miner, key, _ in lead.signals
    }
    return SupplierRecord(suppliers, len(leads), leads, snippets, frozenset(), {})


def simulated(seed: int, honest: int, cheats: int, lists: int) -> SupplierRecord:
    """Lists of 25 leads, each with evidence of one supplier; places are clicked less the lower, made-up evidence hardly ever."""
    draw = np.random.default_rng(seed)
    suppliers = [supplier(f"honest {n}") for n in range(honest)] + [
        supplier(f"cheat {n}") for n in range(cheats)
    ]
    leads = []
    for _ in range(lists):
        for position in range(1, 26):
            who = suppliers[draw.integers(len(suppliers))].miner_id
            rate = (0.25 if who.startswith("honest") else 0.02) / math.sqrt(position)
            clicked = bool(draw.random() < rate)
            leads.append(
                shown(position, who, clicked=clicked, converted=clicked and bool(draw.random() < 0.2))
            )
    return record(suppliers, leads)


def test_over_seeds_the_honest_are_not_flagged_and_cheats_are() -> None:
    wrongly = found = honest = cheats = 0
    for seed in range(8):
        made = simulated(seed, honest=9, cheats=3, lists=400)
        flagged = judge_suppliers(made, ARGS).quality.flagged
        for each, is_flagged in zip(made.suppliers, flagged.tolist(), strict=True):
            is_honest = each.miner_id.startswith("honest")
            honest, cheats = honest + is_honest, cheats + (not is_honest)
            wrongly, found = wrongly + (is_honest and is_flagged), found + (is_flagged and not is_honest)
    assert (honest, cheats) == (72, 24)
    assert wrongly == 0
    assert found >= 0.9 * cheats


def test_where_all_are_alike_nobody_is_flagged() -> None:
    assert not any(
        judge_suppliers(simulated(seed, 20, 0, 60), ARGS).quality.flagged.any() for seed in range(10)
    )


WHO = st.sampled_from("abc")


@given(
    st.lists(
        st.tuples(st.integers(1, 60), st.lists(WHO, max_size=3, unique=True), st.booleans()), max_size=8
    ),
    st.frozensets(WHO),
    st.frozensets(WHO),
)
def test_shares_and_treasury_sum_to_one_whatever_was_shown(
    lists: list[tuple[int, list[str], bool]], throttled: frozenset[str], flagged: frozenset[str]
) -> None:
    suppliers = [supplier(name, throttled_by_hand=name in throttled) for name in "abc"]
    made = record(suppliers, [shown(place, *names, clicked=clicked) for place, names, clicked in lists])
    made = replace(made, flagged=frozenset((name, f"{name}-s") for name in flagged))
    found = judge_suppliers(made, ARGS).emissions
    assert found.share.sum() + found.treasury == pytest.approx(1.0)
    for name, share in zip("abc", found.share.tolist(), strict=True):
        assert share == 0.0 or (name not in throttled and name not in flagged)


def test_the_same_record_gives_the_same_verdicts() -> None:
    first, second = (judge_suppliers(simulated(1, 3, 1, 30), ARGS) for _ in range(2))
    assert first.emissions.share.tolist() == second.emissions.share.tolist()
    assert first.quality.factor.tolist() == second.quality.factor.tolist()


def test_lists_of_those_who_never_tell_say_nothing_of_quality_and_earn() -> None:
    leads = [replace(shown(1, "a"), is_told=False), shown(1, "b", clicked=True)]
    verdicts = judge_suppliers(record([supplier("a"), supplier("b")], leads), ARGS)
    assert verdicts.impressions.tolist() == [0.0, 1.0]
    assert verdicts.quality.factor[0] == pytest.approx(0.5)
    assert verdicts.emissions.share[0] > 0.0


def test_what_a_supplier_asks_for_itself_counts_for_nothing() -> None:
    own = supplier("a", readers=frozenset({"customer"}))
    verdicts = judge_suppliers(record([own, supplier("b")], [shown(1, "a", "b", clicked=True)]), ARGS)
    assert verdicts.clicks.tolist() == [0.0, 1.0]
    assert verdicts.emissions.share.tolist() == pytest.approx([0.0, 1.0])


def test_a_flagged_supplier_earns_nothing_however_much_it_showed() -> None:
    made = simulated(2, honest=4, cheats=1, lists=200)
    verdicts = judge_suppliers(made, ARGS)
    assert verdicts.quality.flagged.tolist() == [False] * 4 + [True]
    assert verdicts.emissions.share[4] == 0.0
    assert verdicts.emissions.share.sum() + verdicts.emissions.treasury == pytest.approx(1.0)
    assert verdicts.earned[:, :, 4].sum() > 0.0


def test_suppliers_of_one_owner_do_not_confirm_each_other() -> None:
    def curated(owner: str) -> float:
        suppliers = [supplier("a"), supplier("b", owner=owner)]
        made = record(suppliers, [shown(1, "a", "b")])
        same = ("news", "matter")
        snippets = {
            ("a", "a-s"): [Revision(0, "a-s", "acme", same, 0, 1.0)],
            ("b", "b-s"): [Revision(1, "b-s", "acme", same, (1 << 40) - 1, 2.0)],
        }
        return float(judge_suppliers(replace(made, snippets=snippets), ARGS).earned[1].sum())

    assert curated("miner b") > 0.0
    assert curated("miner a") == 0.0


def test_struck_out_snippets_earn_nothing_and_the_next_is_first() -> None:
    made = record([supplier("a"), supplier("b")], [shown(1, "a", "b")])
    verdicts = judge_suppliers(replace(made, flagged=frozenset({("a", "a-s")})), ARGS)
    assert verdicts.emissions.share.tolist() == pytest.approx([0.0, 1.0])


def test_a_repeat_earns_nothing_unless_the_original_is_of_somebody_barred() -> None:
    leads = [shown(1, "a", "b")]
    repeats = {("b", "b-s"): "a"}
    honest = replace(record([supplier("a"), supplier("b")], leads), repeats=repeats)
    assert judge_suppliers(honest, ARGS).emissions.share.tolist() == pytest.approx([1.0, 0.0])
    farm = replace(record([supplier("a", flagged=90), supplier("b")], leads), repeats=repeats)
    assert judge_suppliers(farm, ARGS).emissions.share.tolist() == pytest.approx([0.0, 1.0])


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, None),
        ({"flagged": 30}, None),
        ({"flagged": 60}, "conduct"),
        ({"repeats": 60}, None),
        ({"repeats": 95}, "reposts"),
        ({"snippets": 2, "flagged": 2}, None),
        ({"snippets": 0}, None),
        ({"likeness": Likeness(40, 0.9, 0.05)}, "template"),
        ({"likeness": Likeness(20, 0.9, 0.05)}, None),
        ({"likeness": Likeness(40, 0.9, 0.6)}, None),
        ({"throttled_by_hand": True}, "by_hand"),
    ],
)
def test_why_a_supplier_is_throttled(fields: dict[str, object], reason: str | None) -> None:
    assert throttle_reason(supplier("a", **fields), ARGS) == reason
