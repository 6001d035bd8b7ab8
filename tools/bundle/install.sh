#!/bin/sh
# Finds a Python that the wheels fit, and lets it install. Usage: sh install.sh [FOLDER]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
fits='import os, sys; sys.exit(not os.path.exists(sys.argv[1] + "/requirements-%d.%d.txt" % sys.version_info[:2]))'
for python in python3 python3.13 python3.12 python3.11; do
    if "$python" -c "$fits" "$here" 2>/dev/null; then
        exec "$python" "$here/install.py" "$@"
    fi
done
versions=$(cd "$here" && ls requirements-*.txt | sed 's/requirements-\(.*\)\.txt/\1/' | tr '\n' ' ')
echo "error: found no Python of these versions: $versions(as python3, python3.13, python3.12 or python3.11)" >&2
exit 1
