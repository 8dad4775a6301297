#!/usr/bin/env bash
# Builds and runs the demo: ./demo.sh --help
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program="$root/artifacts/bin/Demo/release/Demo"
libtorch="$root/artifacts/libtorch/cpu"

# A test compares the options with those of the program.
print_help() {
    cat << 'HELP'
Usage: ./demo.sh [options]

Draws a hall of materials whose surfaces carry textures while they are generated, on a budget of milliseconds a frame.

  --headless            Draw off screen; also chosen when there is no display.
  --frames N            Frames to draw. Default: headless until all textures are finished, at most 600.
  --budget-ms MS        Milliseconds of each frame that generation may take. Default: 8.
  --out DIR             Headless: folder for report.json, progress.gif, frames and textures. Default: out/demo.
  --width, --height PX  Size of the frame. Default: 1280 by 720.
  --texture-size WxH    Size of each generated texture. Default: 64x64.
  --ground CLASS        Endless ground of a class around the court.
  --display xt|x0       Surfaces show the sample, or the predicted clean image. Default: xt.
  --fade-ms MS          Milliseconds in which a change of what is shown comes in. Default: 0.
  --model DIR           Model folder. Default: models/textures-64-fast.
  --backend NAME        onnx (the CPU), compute (the Vulkan device) or torch (libtorch). Default: onnx.
  --precision NAME      With --backend compute: full (float32) or half (float16).
  --class NAME, --solver NAME, --schedule NAME, --spacing NAME
                        What is generated, and how; 'list' prints the names.
  --seed N, --steps N, --guidance W, --guidance-interval A..B, --eta H, --churn S
                        Of the noise, and of the solver.
  --no-vsync            Do not wait for the display.
  --gpu NAME            A GPU by index or part of its name.
  --sharing NAME        How textures reach the device.
  --async-compute       With --backend compute: the network runs beside frames, on a queue of its own.
  --validation          Run under the Vulkan validation layers.

Keys in the window: 1-9 or Tab pick a surface, C/V next/previous class, R reseed, A reseed all, Space pause, Up/Down
budget, Left/Right steps, S solver, X switch between x_t and x0, B cross-fade or not, H hide the overlay, Esc quit. Hold
the right mouse button to fly: W A S D move, Q E sink and rise, the mouse turns, Shift hastens. F does so without a
mouse, and the arrows turn; O circles again.
HELP
}

# libtorch is 128 MB to download and 445 MB on disk, and no other backend needs it. Where it is already there, it stays.
variant=none
[ -e "$libtorch" ] && variant=cpu
previous=
for argument in "$@"; do
    case "${previous,,} ${argument,,}" in
        "--backend torch" | *" --backend=torch" | *" --backend:torch") variant=cpu ;;
    esac
    case "$argument" in
        -h | --help | -\? | /h | /\?) help=1 ;;
    esac
    previous=$argument
done

first_time="a minute or more, with 280 MB of packages to download"
if [ "$variant" = cpu ] && [ ! -e "$libtorch" ]; then
    first_time="a minute or more, with 400 MB of packages to download, libtorch among them"
fi

if [ -n "${help:-}" ]; then
    print_help
    if [ -e "$program" ]; then
        echo "It is built: $program"
    else
        echo "Without --help it is built first, into $root/artifacts: $first_time."
    fi
    exit 0
fi

source "$root/build/setup.sh"
require_dotnet
packages=("${demo_packages[@]}")
[ "$variant" = cpu ] && packages+=("${torch_packages[@]}")
require_packages "${packages[@]}"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
if [ -e "$program" ]; then
    echo "Building ..." >&2
else
    echo "Building (the first time: $first_time) ..." >&2
fi
if ! dotnet build "$root/src/Demo" -c Release -v quiet --nologo "-p:TorchVariant=$variant" > "$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi

status=0
"$program" "$@" || status=$?
exit "$status"
