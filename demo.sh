#!/usr/bin/env bash
# Builds and runs the demo: ./demo.sh --help
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$root/build/setup.sh"
require_dotnet
require_packages "${demo_packages[@]}"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
if [ -e "$root/artifacts/bin/Demo/release/Demo" ]; then
    echo "Building ..." >&2
else
    echo "Building (the first time: some minutes, and 200 MB to download) ..." >&2
fi
if ! dotnet build "$root/src/Demo" -c Release -v quiet --nologo > "$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi

status=0
"$root/artifacts/bin/Demo/release/Demo" "$@" || status=$?
exit "$status"
