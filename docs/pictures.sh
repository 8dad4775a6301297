#!/usr/bin/env bash
# Draws the pictures of control.md and the one of repair in surfaces.md anew, from the models in models/.
# Needs ImageMagick. Some minutes.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
images=$root/docs/images
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dotnet build "$root/src/Diffusion.Cli" -c Release -v quiet --nologo
cd "$work"

sample() { # sample FILE OPTION ...
    dotnet "$root/artifacts/bin/Diffusion.Cli/release/diffusion.dll" sample --seed "${seed:-7}" "${@:2}" --out "$1" > log || { cat log >&2; exit 1; }
}
large() { sample "$@" --model "$root/models/textures-64" --steps 20 --solver dpmpp-2m --guidance 3; }
fast() { sample "$@" --model "$root/models/textures-64-fast" --steps 4; }
stack() { convert "${@:2}" -append -quality 92 "$images/$1.jpg"; }
row() { convert "${@:2}" +append "$1"; }

convert -size 144x144 xc:black -fill white -draw 'circle 72,72 72,22' -blur 0x4 disc.png
convert -size 144x144 -define gradient:direction=east gradient:black-white ramp.png
convert xc:'#e8a030' xc:'#f0c878' xc:'#1c6a78' xc:'#0c3040' +append teal.png
convert xc:'#140818' xc:'#a040a0' xc:'#f8e8f8' +append violet.png

seed=5 large lava.png --class lava --size 96x96 --variation-seed 6 --variation 0..1 --grid 6x1
fast brick.png --class brick --size 96x96 --variation-seed 8 --variation 0..1 --grid 6x1
stack control-variation lava.png brick.png

large grass-dirt.png --class grass --second-class dirt --size 96x96 --second-weight 0..1 --grid 6x1
large brick-rock.png --class brick --second-class rock --size 96x96 --second-weight 0..1 --grid 6x1
fast snow-rock.png --class snow_ice --second-class rock --size 96x96 --second-weight 0..1 --grid 6x1
stack control-mix grass-dirt.png brick-rock.png snow-rock.png

large mask-1.png --class snow_ice --second-class rock --size 144x144 --second-mask disc.png
fast mask-2.png --class lava --second-class rock --size 144x144 --second-mask disc.png
large mask-3.png --class brick --second-class rock --size 144x144 --second-mask ramp.png
fast mask-4.png --class grass --second-class dirt --size 144x144 --second-mask disc.png
row masks.png mask-?.png
stack control-mask masks.png

for kind in large fast; do
    [ "$kind" = large ] && class=rock || class=brick
    $kind "$kind-1.png" --class $class --size 96x96
    $kind "$kind-2.png" --class $class --size 96x96 --color '#a08060'
    $kind "$kind-3.png" --class $class --size 96x96 --color '#406080'
    $kind "$kind-4.png" --class $class --size 96x96 --color '#406080' --color-strength 0.2
    $kind "$kind-5.png" --class $class --size 96x96 --palette teal.png
    $kind "$kind-6.png" --class $class --size 96x96 --palette violet.png
    row "$kind.png" "$kind"-?.png
done
stack control-colour large.png fast.png

convert -size 96x96 xc:black +antialias -fill white -draw 'circle 48,48 48,22' hole.png
parts=()
for class in brick grass; do
    large $class-whole.png --class $class --size 96x96
    convert $class-whole.png \( hole.png -transparent black \) -composite $class-hole.png
    seed=8 large $class-repaired.png --class $class --size 96x96 --image $class-hole.png --mask hole.png
    parts+=($class-whole.png $class-hole.png $class-repaired.png)
done
montage "${parts[@]}" -tile 6x1 -geometry 192x192+3+0 -filter point -quality 92 "$images/repair.jpg"
