#!/bin/sh
# Print the interpreter to use, or one line that says what is missing.
# Usage: find_python.sh [3.13 | path | name]
wanted=${1:-}
modern='import sys; sys.exit(sys.version_info < (3, 11))'

case $wanted in
  "") candidates="python3 python3.13 python3.12 python3.11 python" ;;
  [0-9]*) candidates="python$wanted" ;;
  *) candidates=$wanted ;;
esac
for candidate in $candidates; do
  # Asked for its own path, because a version manager's shim is no interpreter.
  found=$("$candidate" -c "import sys; sys.version_info >= (3, 11) and print(sys.executable)" 2>/dev/null) || found=
  if [ -n "$found" ]; then printf '%s\n' "$found"; exit 0; fi
done
case $wanted in
  [0-9]*)
    for found in "${PYENV_ROOT:-$HOME/.pyenv}/versions/$wanted"*/bin/python; do
      if "$found" -c "$modern" 2>/dev/null; then printf '%s\n' "$found"; exit 0; fi
    done
    ;;
esac
echo "seawall needs Python >= 3.11${wanted:+ (looked for $wanted)}: install it, or name one with PYTHON=/path/to/python" >&2
exit 1
