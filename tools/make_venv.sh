#!/bin/sh
# Make the virtual environment in which everything runs, or keep one that works here.
# Usage: tools/make_venv.sh FOLDER [PYTHON]; says in one line what is missing, and exits 1.
set -eu
folder=$1
shift

in_range='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'

works_here() {
    # One made elsewhere and moved here would go on running what lies there.
    if [ -e "$folder/.made" ] && [ "$(cat "$folder/.made")" != "$(pwd -P)" ]; then return 1; fi
    "$folder/bin/python" -c "$in_range" 2>/dev/null && "$folder/bin/python" -c 'import pip' 2>/dev/null
}

if works_here; then
    pwd -P >"$folder/.made"
    exit 0
fi

without_venv=
for python in "${@:-python3}" python3.13 python3.12 python3.11; do
    "$python" -c "$in_range" 2>/dev/null || continue
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        "$python" -m venv --clear "$folder"
        pwd -P >"$folder/.made"
        exit 0
    fi
    without_venv=${without_venv:-$python}
done

if [ -n "$without_venv" ]; then
    package=$("$without_venv" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    echo "error: $without_venv has no venv module; install it (Debian, Ubuntu: apt install $package) and run make again" >&2
else
    echo "error: found no Python 3.11, 3.12 or 3.13 (as python3, python3.13, python3.12 or python3.11); install one and run make again" >&2
fi
exit 1
