# Sourced by demo.sh and test.sh: makes sure that the machine has what a build and a run need.
# As root on Debian or Ubuntu missing packages are installed; otherwise the exact command is printed.

require_dotnet() {
    if ! command -v dotnet > /dev/null; then
        echo "error: the .NET 10 SDK is needed and 'dotnet' is not on PATH (https://dot.net/download)." >&2
        exit 2
    fi
}

# require_packages PACKAGE... installs those that dpkg does not know as installed.
require_packages() {
    local missing=()
    if ! command -v dpkg-query > /dev/null; then
        echo "note: not a Debian or Ubuntu machine; install the equivalents of: $*" >&2
        return 0
    fi
    for package in "$@"; do
        if [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null)" != installed ]; then
            missing+=("$package")
        fi
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    if [ "$(id -u)" -ne 0 ]; then
        echo "error: packages are missing. Install them with:" >&2
        echo "    sudo apt-get update && sudo apt-get install --no-install-recommends -y ${missing[*]}" >&2
        exit 2
    fi
    echo "Installing ${missing[*]} ..." >&2
    apt-get update -qq > /dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install --no-install-recommends -y -qq "${missing[@]}" > /dev/null
}

# What the demo needs: a Vulkan loader with a software driver to fall back on, the shader compiler, the window library.
demo_packages=(libvulkan1 mesa-vulkan-drivers glslang-tools libglfw3)

# And libtorch: OpenMP.
torch_packages=(libgomp1)

# What the tests need besides: validation, a display, a browser, an independent PyTorch to compare the network with, and what the
# C library and its hosts are built with.
test_packages=(vulkan-validationlayers spirv-tools xvfb python3-torch python3-numpy
    gcc g++ make zlib1g-dev libvulkan-dev love godot3 chromium)
