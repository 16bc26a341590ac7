#!/bin/sh
# Lists what an image holds, for comparing two: path, mode, owner, time and digest or target of every file. manifest.sh ARCHIVE
# Directories are listed without a time: what was unpacked into them last decides it, here as in a container runtime.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar --extract --file="$1" --directory="$work"
mkdir "$work/root"
manifest=$(sed -n 's/.*"digest": *"sha256:\([0-9a-f]*\)".*/\1/p' "$work/index.json" | head -n 1)
grep -o 'tar+gzip", *"digest": *"sha256:[0-9a-f]*' "$work/blobs/sha256/$manifest" | sed 's/.*://' | while read -r layer; do
  tar --extract --gzip --file="$work/blobs/sha256/$layer" --directory="$work/root"
done
cd "$work/root"
find . -xdev \( -type f -printf '%P %m %U:%G %T@ ' -exec sh -c 'sha256sum <"$1" | cut -d " " -f 1' sh {} \; \) -o -type d -printf '%P %m %U:%G %y\n' -o -printf '%P %m %U:%G %T@ %y %l\n' |
  LC_ALL=C sort
