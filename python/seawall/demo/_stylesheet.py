"""The colours of the picture, on a light page and on a dark one.

Told apart by lightness too, not by hue alone. Classes, not custom properties: not every
program that draws SVG knows those.
"""

from __future__ import annotations

from typing import Final

STYLESHEET: Final = """
text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif;
  font-size: 12px; fill: #24323d }
.heading { font-size: 20px; font-weight: 650 }
.backend { font-size: 16px; font-weight: 650 }
.figure { font-size: 22px; font-weight: 650 }
.lane { font-size: 13px; font-weight: 600; text-anchor: end }
.label, .tick, .second, .small { fill: #5a6a77 }
.label, .tick { text-anchor: end }
.second { text-anchor: middle }
.tick, .second { font-size: 11px }
.count { font-size: 10px; fill: #2b6cb0; font-weight: 600 }
.state { font-size: 10px; font-weight: 600; fill: #fff }
.on-hanging, .on-half-open { fill: #24323d }
text.moment { font-size: 11px; font-weight: 600 }
line.moment { stroke: #24323d; stroke-width: 1; stroke-dasharray: 2 3 }
line.axis { stroke: #8b99a5 }
line.grid { stroke: #8b99a5; stroke-opacity: .35 }
line.dot { stroke: #2b6cb0; stroke-width: 1.5; stroke-opacity: .75 }
line.probe { stroke: #b7791f; stroke-width: 2.5 }
.paper { fill: #fbfcfd; stroke: #d8dfe5 }
.fresh { fill: #2f9e7f }
.stale { fill: #f0c04c }
.late { fill: #b07cc6 }
.failed { fill: #c43d4b }
.up, .closed { fill: #2f9e7f }
.hanging { fill: #f0c04c }
.half-open { fill: #b7791f }
.dead, .open { fill: #c43d4b }
@media (prefers-color-scheme: dark) {
  text { fill: #e4ebf0 }
  .label, .tick, .second, .small { fill: #9fb0bd }
  .state { fill: #fff }
  .on-hanging, .on-half-open, .on-up, .on-closed { fill: #12181d }
  .count { fill: #74b2f0 }
  line.moment { stroke: #e4ebf0 }
  line.dot { stroke: #74b2f0 }
  line.probe { stroke: #ffd479 }
  .paper { fill: #12181d; stroke: #2c3843 }
  .fresh, .up, .closed { fill: #37b592 }
  .stale, .hanging { fill: #e3b341 }
  .half-open { fill: #ffd479 }
  .late { fill: #bb8fd0 }
  .failed, .dead, .open { fill: #d5505d }
}
"""
