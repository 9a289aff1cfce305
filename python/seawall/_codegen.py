"""The generated wrapper: the undisturbed call and nothing else.

A wrapper that takes ``*args, **kwargs``, asks a breaker for a permit and hands it back
costs more than the call that it guards. So each decorated function gets a wrapper of
its own, with the function's exact parameters, whose globals are a namespace of its own.
A breaker writes there, whenever its state changes, what the wrapper would ask, and so
does a retry budget that is no longer full::

    async def fetch(url, *, timeout=None):
        t0 = tok0  # the stamp to remember, or None: not closed
        if t0 is None or full0 is None:
            return await plain((url,), {"timeout": timeout})
        try:
            r = await fn(url, timeout=timeout)
        except BaseException as e:
            x = e
        else:
            if note0 is not None:  # a success has something to do
                success0(t0)
            return r
        try:
            return await again(x, (t0,), (url,), {"timeout": timeout})
        finally:
            del x

Rule 1: the wrapper decides nothing. Whatever is not the undisturbed call goes to the
plain path, which replays what has already happened (see `_call.innermost`).

Rule 2: the namespace holds the policies, never the reverse. A breaker knows its
wrappers weakly, so what goes out of scope is freed.

Set ``SEAWALL_GENERATE=0`` to take the plain path everywhere.
"""

from __future__ import annotations

import functools
import inspect
import linecache
import os
from collections.abc import Callable, Mapping, Sequence
from types import CodeType, FunctionType
from typing import Any, Final

import attrs

from ._call import Call, Fragment, Inner, InnerSync, refuse_asynchronous
from ._native import Breaker, Budget  # noqa: TID251 -- they publish into wrappers

ENABLED: Final = os.environ.get("SEAWALL_GENERATE", "1") != "0"

_POSITIONAL_ONLY: inspect._ParameterKind = inspect.Parameter.POSITIONAL_ONLY

_ASYNC: Final = """\
async def {wrapper}({declared}):
{admit}    try:
        {p}r = await {p}fn({passed})
    except BaseException as {p}e:
        {p}x = {p}e
    else:
{record}        return {p}r
    try:
        return await {p}again({p}x, {stamps}, {args}, {kwargs})
    finally:
        del {p}x
"""
_ADMIT: Final = "    {p}t{i} = {p}tok{i}\n"
_DISTURBED: Final = """\
    if {disturbed}:
        return await {p}plain({args}, {kwargs})
"""
_RECORD: Final = """\
        if {p}note{i} is not None:
            {p}success{i}({p}t{i})
"""
_CHECK: Final = """\
        if {p}unchecked:
            {p}check({p}r)
"""


@attrs.frozen
class Cores:
    """Who publishes into a wrapper, outermost first."""

    breakers: tuple[Breaker, ...]
    budgets: tuple[Budget, ...]


@attrs.frozen
class Parameters:
    """A signature as the four texts that a wrapper needs, and its defaults.

    Defaults are not written into the text: the wrapper gets the same objects.
    """

    declared: str
    passed: str
    args: str
    kwargs: str
    defaults: tuple[Any, ...] | None
    kwdefaults: dict[str, Any] | None
    names: frozenset[str]


def wrap_async(
    fn: Callable[..., Any], chain: Inner, fragments: Sequence[Fragment | None]
) -> Callable[..., Any]:
    """Make the asynchronous wrapper of *fn*, whose plain path is *chain*."""
    cores = _cores(fragments)
    if cores is None:

        async def guarded(*args: Any, **kwargs: Any) -> Any:
            return await chain(Call(fn, args, kwargs))

        return functools.update_wrapper(guarded, fn)

    known = _pair_with(cores.breakers)

    async def plain(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        return await chain(Call(fn, args, kwargs))

    async def again(
        error: BaseException,
        stamps: Sequence[int],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
    ) -> Any:
        call = Call(fn, args, kwargs, replayed=error, stamps=known(stamps))
        del error  # its traceback will hold this frame
        return await chain(call)

    return _generate(fn, cores, {"plain": plain, "again": again}, sync=False)


def wrap_sync(
    fn: Callable[..., Any], chain: InnerSync, fragments: Sequence[Fragment | None]
) -> Callable[..., Any]:
    """Make the synchronous wrapper of *fn*, whose plain path is *chain*."""
    cores = _cores(fragments)
    if cores is None:

        def guarded(*args: Any, **kwargs: Any) -> Any:
            return chain(Call(fn, args, kwargs))

        return functools.update_wrapper(guarded, fn)

    known = _pair_with(cores.breakers)

    def plain(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        return chain(Call(fn, args, kwargs))

    def again(
        error: BaseException,
        stamps: Sequence[int],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
    ) -> Any:
        call = Call(fn, args, kwargs, replayed=error, stamps=known(stamps))
        del error  # its traceback will hold this frame
        return chain(call)

    return _generate(fn, cores, {"plain": plain, "again": again}, sync=True)


def _cores(fragments: Sequence[Fragment | None]) -> Cores | None:
    """List who publishes on the way; None if some stage must see every call."""
    if not ENABLED:
        return None
    known = [fragment for fragment in fragments if fragment is not None]
    if len(known) < len(fragments):
        return None
    return Cores(
        tuple(f.breaker for f in known if f.breaker is not None),
        tuple(f.budget for f in known if f.budget is not None),
    )


def _pair_with(
    breakers: Sequence[Breaker],
) -> Callable[[Sequence[int]], dict[Breaker, int]]:
    return lambda stamps: dict(zip(breakers, stamps, strict=True))


def _generate(
    fn: Callable[..., Any],
    cores: Cores,
    slow: Mapping[str, Callable[..., Any]],
    *,
    sync: bool,
) -> FunctionType:
    parameters = parameters_of(fn)
    prefix = _free_prefix(parameters.names)
    source = _source(parameters, prefix, cores, sync=sync)
    namespace: dict[str, Any] = {
        "__name__": getattr(fn, "__module__", __name__),
        "__builtins__": __builtins__,
        f"{prefix}fn": fn,
        **{f"{prefix}{name}": function for name, function in slow.items()},
        **{f"{prefix}success{i}": b.success for i, b in enumerate(cores.breakers)},
    }
    if sync:
        _install_check(namespace, prefix, fn)
    name = getattr(fn, "__name__", "guarded")
    # A copy of the code per function: the interpreter's inline caches live in it, and
    # two namespaces taking turns would keep emptying them.
    code = _compiled(source).replace(
        co_name=name, co_qualname=getattr(fn, "__qualname__", name)
    )
    wrapper = FunctionType(code, namespace, argdefs=parameters.defaults)
    wrapper.__kwdefaults__ = parameters.kwdefaults
    functools.update_wrapper(wrapper, fn)
    for i, breaker in enumerate(cores.breakers):
        breaker.attach(wrapper, f"{prefix}tok{i}", f"{prefix}note{i}")
    for i, budget in enumerate(cores.budgets):
        budget.attach(wrapper, f"{prefix}full{i}")
    return wrapper


def _install_check(
    namespace: dict[str, Any], prefix: str, fn: Callable[..., Any]
) -> None:
    # A function that has once returned a plain value is believed from then on: asking
    # `isawaitable` on every call would cost a sixth of it.
    def check(result: object) -> None:
        refuse_asynchronous(fn, result)
        namespace[f"{prefix}unchecked"] = False

    namespace[f"{prefix}unchecked"] = True
    namespace[f"{prefix}check"] = check


def _source(parameters: Parameters, prefix: str, cores: Cores, *, sync: bool) -> str:
    numbers = range(len(cores.breakers))
    texts = {"p": prefix, "args": parameters.args, "kwargs": parameters.kwargs}
    admit = "".join(_ADMIT.format(p=prefix, i=i) for i in numbers)
    asked = [f"{prefix}t{i}" for i in numbers]
    asked += [f"{prefix}full{i}" for i in range(len(cores.budgets))]
    if asked:
        disturbed = " or ".join(f"{name} is None" for name in asked)
        admit += _DISTURBED.format(disturbed=disturbed, **texts)
    record = "".join(_RECORD.format(p=prefix, i=i) for i in numbers)
    source = _ASYNC.format(
        wrapper=f"{prefix}wrapper",
        declared=parameters.declared,
        passed=parameters.passed,
        admit=admit,
        record=(_CHECK.format(p=prefix) if sync else "") + record,
        stamps="(" + "".join(f"{prefix}t{i}, " for i in numbers) + ")",
        **texts,
    )
    if sync:
        source = source.replace("async def ", "def ").replace("await ", "")
    return source


def parameters_of(fn: Callable[..., Any]) -> Parameters:
    """Write down how *fn* is called; ``*args, **kwargs`` if it does not say."""
    # What counts is what this very object takes. So not following __wrapped__; and a
    # __signature__ is what is shown to others, which may leave out what is filled in.
    shown = hasattr(fn, "__signature__")
    try:
        signature = inspect.signature(
            _takes_anything if shown else fn, follow_wrapped=False
        )
    except (TypeError, ValueError):
        signature = inspect.signature(_takes_anything)
    return _written(list(signature.parameters.values()))


def _takes_anything(*args: Any, **kwargs: Any) -> None:
    """Stand for what does not tell its parameters, such as some builtins."""


def _written(parameters: Sequence[inspect.Parameter]) -> Parameters:
    kind = inspect.Parameter
    declared: list[str] = []
    args: list[str] = []
    kwargs: list[str] = []
    passed_by_name: list[str] = []
    previous = _POSITIONAL_ONLY
    for p in parameters:
        if previous is _POSITIONAL_ONLY is not p.kind and declared:
            declared.append("/")
        if p.kind is kind.KEYWORD_ONLY and previous < kind.VAR_POSITIONAL:
            declared.append("*")
        previous = p.kind
        match p.kind:
            case kind.VAR_POSITIONAL:
                declared.append(f"*{p.name}")
                args.append(f"*{p.name}")
            case kind.VAR_KEYWORD:
                declared.append(f"**{p.name}")
                kwargs.append(f"**{p.name}")
                passed_by_name.append(f"**{p.name}")
            case kind.KEYWORD_ONLY:
                declared.append(_declared(p))
                kwargs.append(f"{p.name!r}: {p.name}")
                passed_by_name.append(f"{p.name}={p.name}")
            case _:
                declared.append(_declared(p))
                args.append(p.name)
    if previous is _POSITIONAL_ONLY and declared:
        declared.append("/")
    positional = [p.default for p in parameters if p.kind < kind.VAR_POSITIONAL]
    named = {p.name: p.default for p in parameters if p.kind is kind.KEYWORD_ONLY}
    return Parameters(
        declared=", ".join(declared),
        passed=", ".join((*args, *passed_by_name)),
        args="(" + "".join(f"{a}, " for a in args) + ")",
        kwargs="{" + ", ".join(kwargs) + "}",
        defaults=tuple(d for d in positional if d is not kind.empty) or None,
        kwdefaults={n: d for n, d in named.items() if d is not kind.empty} or None,
        names=frozenset(p.name for p in parameters),
    )


def _declared(parameter: inspect.Parameter) -> str:
    optional = parameter.default is not inspect.Parameter.empty
    return f"{parameter.name}=None" if optional else parameter.name


def _free_prefix(names: frozenset[str]) -> str:
    prefix = "_"
    while any(name.startswith(prefix) for name in names):
        prefix += "_"
    return prefix


@functools.lru_cache(maxsize=1024)
def _compiled(source: str) -> CodeType:
    """Compile *source*, once for functions of one shape (55 us); each copies it."""
    filename = f"<seawall wrapper {_compiled.cache_info().misses}>"
    # In linecache, so that tracebacks show the line instead of a blank.
    linecache.cache[filename] = (
        len(source),
        None,
        source.splitlines(keepends=True),
        filename,
    )
    module = compile(source, filename, "exec")
    return next(c for c in module.co_consts if isinstance(c, CodeType))
