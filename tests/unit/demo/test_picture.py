"""The picture of the incident."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import attrs
import pytest

from seawall.demo._picture import crowds, draw
from seawall.demo._plan import CALLS_PER_SECOND
from seawall.demo._promises import judge
from seawall.demo._record import Record, Sample

SVG = "{http://www.w3.org/2000/svg}"


def _drawn(*records: Record) -> ET.Element:
    return ET.fromstring(draw([(record, judge(record)) for record in records]))  # noqa: S314


def _all(root: ET.Element, tag: str, kind: str) -> list[ET.Element]:
    return [e for e in root.iter(SVG + tag) if e.get("class") == kind]


def test_it_needs_nothing_beside_it(record: Record) -> None:
    """It stands in a README and in a mail."""
    text = draw([(record, judge(record))])

    assert "href" not in text
    assert "url(" not in text
    assert "<script" not in text
    assert text.count("http") == 1  # its own namespace


def test_it_can_be_read_out(record: Record) -> None:
    """A title and a description with the figures."""
    root = _drawn(record)

    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "title description"
    assert root.findtext(f"{SVG}title") == (
        "One incident, the same load, with seawall and without"
    )
    description = root.findtext(f"{SVG}desc") or ""
    assert "On asyncio 100% of the look-ups were answered in time" in description
    assert "and 40.0% without" in description
    assert "one login after the revocation: 1 login" in description


def test_it_is_readable_on_a_dark_page(record: Record) -> None:
    """Every text has a colour for both."""
    assert "@media (prefers-color-scheme: dark)" in draw([(record, judge(record))])


def test_bars_are_as_high_as_there_were_calls(record: Record) -> None:
    """What is drawn was counted."""
    root = _drawn(record)
    heights = [float(bar.get("height", 0)) for bar in _all(root, "rect", "failed")]

    one_call = 92 / 1.15 / (CALLS_PER_SECOND * 0.5)
    # The first is the legend's.
    assert heights[1:] == [pytest.approx(one_call, rel=1e-4)] * 2


def test_bars_stand_on_each_other(record: Record) -> None:
    """From the line upwards, without a gap and without hiding one another."""
    record.guarded.samples += [
        Sample(begun=0.5, elapsed=2.0),
        Sample(begun=0.6, elapsed=0.1, error="ValueError"),
    ]
    bars = [bar for bar in _drawn(record).iter(f"{SVG}rect") if bar.get("width")]
    ours = [
        (float(bar.get("y", 0)), float(bar.get("height", 0)), bar.get("class"))
        for bar in bars
        if (bar.findtext(f"{SVG}title") or "").endswith(" at 0.5 s")
    ][:3]

    floor = 88 + 92
    for y, height, kind in ours:
        assert y + height == pytest.approx(floor, abs=0.01), kind
        floor = y
    assert [kind for *_, kind in ours] == ["fresh", "late", "failed"]


def test_each_run_has_a_panel(record: Record) -> None:
    """Both backends, one below the other."""
    one, two = _drawn(record), _drawn(record, attrs.evolve(record, backend="trio"))

    names = [element.text for element in _all(two, "text", "backend")]
    assert names == ["asyncio", "trio"]
    heights = [float((r.get("viewBox") or "").split()[3]) for r in (one, two)]
    assert heights == [532, 956]


def test_everything_that_was_done_is_marked(record: Record) -> None:
    """In the order in which it happened, and the recovery with its figure."""
    marks = [element.text for element in _all(_drawn(record), "text", "moment")]

    assert marks == ["hangs", "killed", "token revoked", "back", "closed after 0.50 s"]


def test_a_circuit_that_never_closed_has_no_such_mark(record: Record) -> None:
    """The picture shows failure as plainly as success."""
    del record.guarded.circuit[-1]
    root = _drawn(record)

    marks = [element.text for element in _all(root, "text", "moment")]
    assert marks[-1] == "back"
    assert any("a promise was broken" in (e.text or "") for e in root.iter())


def test_crowds_are_counted() -> None:
    """Twelve logins at once are not one line."""
    assert crowds([1.0, 0.0, 1.1, 1.2, 3.0]) == [(0.0, 1), (1.0, 3), (3.0, 1)]
