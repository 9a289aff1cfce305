#!/bin/sh
# Unit tests of a wheel, in empty environments, from a folder without the sources.
# Usage: test_wheel.sh WHEEL PYTHON...
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
wheel=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
shift
for version in "$@"; do
  python=$("$here/tools/find_python.sh" "$version")
  place=$(mktemp -d)
  trap 'rm -rf "$place"' EXIT
  echo "testing $(basename "$wheel") on Python $version"
  "$python" -m venv "$place/venv"
  pip="$place/venv/bin/python -m pip --quiet --disable-pip-version-check"
  $pip install --upgrade pip
  # Of the repository, only tests and the tests' settings come along.
  cp "$here/pyproject.toml" "$here/constraints.txt" "$place"
  cp -R "$here/tests" "$place/tests"
  (
    cd "$place"
    $pip install --constraint constraints.txt "$wheel[demo]" --group test
    venv/bin/python -m pytest tests/unit tests/properties
    rm -rf venv
  )
  rm -rf "$place"
done
