#!/usr/bin/env bash
# Installs what is missing, builds everything and runs all tests. The last line is 'N passed, N failed'.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$root/build/setup.sh"
require_dotnet
require_packages "${demo_packages[@]}" "${torch_packages[@]}" "${test_packages[@]}"
cd "$root" || exit 2

echo "Building (the first time: some minutes) ..."
if ! dotnet build Diffusion.sln -c Release -v quiet --nologo; then
    echo "0 passed, 1 failed"
    exit 1
fi

passed=0 failed=0 skipped=0 status=0
for project in tests/*/; do
    # One project at a time: the tests measure nothing, but they share two threads of libtorch and one display.
    log=$(mktemp)
    dotnet test "$project" -c Release --no-build --nologo | tee "$log"
    [ "${PIPESTATUS[0]}" -eq 0 ] || status=1
    summary=$(grep -E 'Failed: +[0-9]+, Passed: +[0-9]+, Skipped: +[0-9]+' "$log" | tail -n 1)
    if [ -z "$summary" ]; then
        echo "error: $project reported no result." >&2
        failed=$((failed + 1))
    else
        failed=$((failed + $(sed -E 's/.*Failed: +([0-9]+).*/\1/' <<< "$summary")))
        passed=$((passed + $(sed -E 's/.*Passed: +([0-9]+).*/\1/' <<< "$summary")))
        skipped=$((skipped + $(sed -E 's/.*Skipped: +([0-9]+).*/\1/' <<< "$summary")))
    fi
    rm -f "$log"
done

[ "$skipped" -eq 0 ] || echo "$skipped skipped: what they need is not on this machine."
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$status" -eq 0 ]
