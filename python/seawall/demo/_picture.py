"""The whole incident as one SVG that needs nothing beside it.

Drawn from the same record as everything else: every bar is counted, every mark was
measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, TypeAlias, final
from xml.etree import ElementTree as ET

from seawall import CircuitState

from ._plan import CALLS_PER_SECOND
from ._promises import Verdict
from ._record import KINDS, Database, Kind, Lane, MarkName, Record
from ._report import Judged, all_kept, percent
from ._stylesheet import STYLESHEET

Point: TypeAlias = tuple[float, float]

_WIDTH: Final = 1000
_LEFT: Final = 118
_RIGHT: Final = 138
_PLOT: Final = _WIDTH - _LEFT - _RIGHT
_HEAD: Final = 108
_CHART: Final = 92
_BAND: Final = 14
_ROOM: Final = 50
"""What a word needs to be written into a band."""

_CROWD: Final = 0.15
"""Seconds within which several of a kind are counted together."""

_STEP: Final = 0.5
"""Seconds in one bar."""

_MARKS: Final[dict[MarkName, str]] = {
    "hang": "hangs",
    "kill": "killed",
    "revoke": "token revoked",
    "back": "back",
}
_LEGEND: Final[dict[Kind, str]] = {
    "fresh": "answered from the database",
    "stale": "answered from the cache, marked as stale",
    "late": "answered past the deadline",
    "failed": "failed",
}


def draw(judged: Judged) -> str:
    """Draw the runs, one below the other."""
    panels = [Panel(record, verdicts) for record, verdicts in judged]
    height = _HEAD + len(panels) * Panel.height
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {_WIDTH} {height}",
            "role": "img",
            "aria-labelledby": "title description",
        },
    )
    ET.SubElement(root, "title", id="title").text = _TITLE
    ET.SubElement(root, "desc", id="description").text = describe(judged)
    ET.SubElement(root, "style").text = STYLESHEET
    _rect(root, "paper", (0, 0), (_WIDTH, height), rx="10")
    _head(root, judged)
    for number, panel in enumerate(panels):
        top = _HEAD + number * Panel.height
        panel.draw(ET.SubElement(root, "g", transform=f"translate(0 {top})"))
    ET.indent(root, " ")
    return ET.tostring(root, encoding="unicode") + "\n"


_TITLE: Final = "One incident, the same load, with seawall and without"


def describe(judged: Judged) -> str:
    """Say in words what the picture shows, for whoever cannot see it."""
    sentences: list[str] = []
    for record, verdicts in judged:
        figures = "; ".join(f"{v.promise}: {v.figure}" for v in verdicts)
        sentences.append(
            f"On {record.backend} {percent(record.guarded)} of the look-ups were "
            f"answered in time with seawall, and {percent(record.bare)} without. "
            f"{figures}."
        )
    return " ".join(sentences)


def _head(root: ET.Element, judged: Judged) -> None:
    _text(root, "heading", 24, 36, _TITLE)
    seed = judged[0][0].seed
    kept = "every promise was kept" if all_kept(judged) else "a promise was broken"
    what = f"{CALLS_PER_SECOND} look-ups per second each, seed {seed}: {kept}"
    _text(root, "small", 24, 58, what)
    x = 24.0
    for kind, label in _LEGEND.items():
        _rect(root, kind, (x, 73), (11, 11), rx="2")
        _text(root, "small", x + 17, 83, label)
        x += 40 + 6.3 * len(label)


@final
class Panel:
    """One run: what was done to the servers, and how both services fared."""

    height: Final = 424

    def __init__(self, record: Record, verdicts: Sequence[Verdict]) -> None:
        self._record = record
        self._verdicts = {verdict.name: verdict for verdict in verdicts}

    def draw(self, into: ET.Element) -> None:
        """Draw it below its origin."""
        _text(into, "backend", 24, 30, self._record.backend)
        self._database(into, 52)
        self._chart(into, 88, "with seawall", self._record.guarded)
        self._circuit(into, 188)
        self._dots(into, 216, "retries", self._record.guarded.retries)
        self._dots(into, 234, "logins", self._record.guarded.logins)
        self._chart(into, 256, "without", self._record.bare)
        self._dots(into, 364, "logins", self._record.bare.logins)
        self._axis(into, 378)
        self._moments(into, 378)

    def _x(self, seconds: float) -> float:
        return _LEFT + _PLOT * min(seconds / self._record.plan.end, 1.0)

    def _database(self, into: ET.Element, y: float) -> None:
        _text(into, "label", _LEFT - 10, y + 10, "PostgreSQL")
        changes = sorted(
            at for name, at in self._record.marks.items() if name != "revoke"
        )
        edges = [0.0, *changes, self._record.plan.end]
        for begin, end in pairwise(edges):
            state: Database = self._record.database_at(begin)
            self._span(into, state, y, begin, end)

    def _circuit(self, into: ET.Element, y: float) -> None:
        _text(into, "label", _LEFT - 10, y + 10, "circuit")
        lane = self._record.guarded
        edges = [0.0, *(at for at, _ in lane.circuit), self._record.plan.end]
        for begin, end in pairwise(edges):
            state = lane.state_at(begin)
            word = state.value.replace("_", "-")
            self._span(into, word, y, begin, end)
        # Probes are over in milliseconds: drawn as lines, or nobody would see them.
        probes = [at for at, state in lane.circuit if state is CircuitState.HALF_OPEN]
        for at in probes:
            line = _line(into, "probe", (self._x(at), y - 3), (self._x(at), y + 17))
            _tooltip(line, f"probe at {at:.2f} s")
        _text(into, "small", _LEFT + _PLOT + 14, y + 10, f"{len(probes)} probes")

    def _span(
        self, into: ET.Element, kind: str, y: float, begin: float, end: float
    ) -> None:
        x = self._x(begin)
        width = max(self._x(end) - x, 0.5)
        span = _rect(into, kind, (x, y), (width, _BAND))
        _tooltip(span, f"{kind} from {begin:.2f} s to {end:.2f} s")
        if width > _ROOM:
            _text(into, f"state on-{kind}", x + 6, y + 11, kind)

    def _chart(self, into: ET.Element, y: float, title: str, lane: Lane) -> None:
        full = CALLS_PER_SECOND * _STEP
        bottom = y + _CHART
        for share, label in ((0.0, "0"), (1.0, f"{CALLS_PER_SECOND}/s")):
            at = bottom - share * _CHART / 1.15
            _line(into, "grid", (_LEFT, at), (_LEFT + _PLOT, at))
            _text(into, "tick", _LEFT - 10, at + 4, label)
        _text(into, "lane", _LEFT - 10, y + _CHART / 2 + 6, title)
        width = _PLOT / (self._record.plan.end / _STEP)
        for number, counts in enumerate(lane.by_time(_STEP, self._record.plan.end)):
            top = bottom
            for kind in KINDS:
                height = counts[kind] / full * _CHART / 1.15
                if height:
                    top -= height
                    x = _LEFT + number * width
                    bar = _rect(into, kind, (x + 0.5, top), (width - 1, height))
                    _tooltip(bar, f"{counts[kind]} {kind} at {number * _STEP:g} s")
        self._figures(into, y, lane)

    def _figures(self, into: ET.Element, y: float, lane: Lane) -> None:
        x = _LEFT + _PLOT + 14
        _text(into, "figure", x, y + 40, percent(lane))
        _text(into, "small", x, y + 57, "answered in time")
        reached = self._verdicts["reached"].values
        count = reached["with" if lane is self._record.guarded else "without"]
        _text(into, "small", x, y + 76, f"{count:.0f} calls to the")
        _text(into, "small", x, y + 90, "failing database")

    def _dots(
        self, into: ET.Element, y: float, label: str, times: Sequence[float]
    ) -> None:
        _text(into, "label", _LEFT - 10, y + 4, label)
        for at, count in crowds(times):
            _line(into, "dot", (self._x(at), y - 5), (self._x(at), y + 5))
            if count > 1:
                _text(into, "count", self._x(at) + 3, y + 4, str(count))
        _text(into, "small", _LEFT + _PLOT + 14, y + 4, f"{len(times)} in all")

    def _axis(self, into: ET.Element, y: float) -> None:
        _line(into, "axis", (_LEFT, y), (_LEFT + _PLOT, y))
        for second in range(0, int(self._record.plan.end) + 1, 2):
            _line(into, "axis", (self._x(second), y), (self._x(second), y + 4))
            _text(into, "second", self._x(second), y + 18, f"{second} s")

    def _moments(self, into: ET.Element, bottom: float) -> None:
        """Draw what happened when, over everything."""
        moments = [(at, _MARKS[name]) for name, at in self._record.marks.items()]
        recovery = self._verdicts["recovery"]
        if (closed := self._record.closed_at()) is not None:
            moments.append((closed, f"closed after {recovery.figure}"))
        for at, label in moments:
            # On a line of its own, for it follows the one before within a second.
            low = label.startswith("closed")
            x = self._x(at)
            _line(into, "moment", (x, 69 if low else 38), (x, bottom))
            _text(into, "moment", x + 4, 79 if low else 46, label)


def crowds(times: Sequence[float]) -> list[tuple[float, int]]:
    """Count together what happened at nearly the same time."""
    crowded: list[list[float]] = []
    for at in sorted(times):
        if crowded and at - crowded[-1][-1] < _CROWD:
            crowded[-1].append(at)
        else:
            crowded.append([at])
    return [(crowd[0], len(crowd)) for crowd in crowded]


def _text(into: ET.Element, kind: str, x: float, y: float, text: str) -> None:
    element = ET.SubElement(into, "text", {"class": kind, "x": f"{x:g}", "y": f"{y:g}"})
    element.text = text


def _rect(
    into: ET.Element, kind: str, corner: Point, size: Point, **more: str
) -> ET.Element:
    place = dict(zip(("x", "y", "width", "height"), corner + size, strict=True))
    written = {name: f"{value:.6g}" for name, value in place.items()}
    return ET.SubElement(into, "rect", {"class": kind, **written, **more})


def _line(into: ET.Element, kind: str, begin: Point, end: Point) -> ET.Element:
    place = dict(zip(("x1", "y1", "x2", "y2"), begin + end, strict=True))
    written = {name: f"{value:.6g}" for name, value in place.items()}
    return ET.SubElement(into, "line", {"class": kind, **written})


def _tooltip(element: ET.Element, text: str) -> None:
    ET.SubElement(element, "title").text = text
