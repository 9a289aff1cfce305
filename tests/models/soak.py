"""Histories by the million, on as many processes as there are to spare."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from random import Random
from typing import NamedTuple

from models.cases import draw_case
from models.histories import LENGTH, draw_history, shortest
from models.pair import DivergedError, Pair

CHUNK = 500  # histories that a process runs before it reports


class Report(NamedTuple):
    """What some histories of a seed came to."""

    operations: int
    moves: Counter[str]
    found: str | None = None


def run(seed: int, operations: int, processes: int) -> Iterator[Report]:
    """Run so many operations or a few more; a report for each chunk that is done."""
    histories = -(-operations // LENGTH)
    waiting = iter(range(0, histories, CHUNK))
    # Spawned, so that nothing of this process is in them.
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        flying: set[Future[Report]] = set()
        while True:
            for first in itertools.islice(waiting, 2 * processes - len(flying)):
                count = min(CHUNK, histories - first)
                flying.add(pool.submit(run_chunk, seed, first, count))
            if not flying:
                return
            done, flying = wait(flying, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()


def run_chunk(seed: int, first: int, count: int = CHUNK) -> Report:
    """Run some histories, up to the first that shows a difference."""
    operations, moves = 0, Counter[str]()
    for number in range(first, first + count):
        done = run_history(seed, number)
        operations += done.operations
        moves += done.moves
        if done.found is not None:
            return Report(operations, moves, done.found)
    return Report(operations, moves)


def run_history(seed: int, number: int) -> Report:
    """Run one history; tell the shortest part of it that shows a difference."""
    rng = Random(f"{seed} {number}")
    case, history = draw_case(rng), draw_history(rng)
    pair = Pair(case)
    for count, op in enumerate(history, start=1):
        try:
            pair.run(op)
        except DivergedError:
            short = shortest(case, history[:count])
            story = f"seed {seed}, history {number}\n{Pair(case).story(short)}"
            return Report(count, Counter(), story)
    moves = (f"{moved.old.name} -> {moved.new.name}".lower() for moved in pair.moves)
    return Report(len(history), Counter(moves))
