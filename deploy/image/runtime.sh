#!/bin/sh
# Links the virtual machine of the image: runtime.sh JDK OUTPUT. The modules are in modules.txt. Of java.desktop only java.beans
# stays, and of its other packages one class each, because a module is refused that lacks a package of its own.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
jdk=$1
output=$2
list=$(mktemp)
trap 'rm -f "$list"' EXIT

"$jdk/bin/jimage" list --include 'regex:/java.desktop/.*' "$jdk/lib/modules" | LC_ALL=C awk '
  /^    / {
    file = $1
    package = file
    if (!sub("/[^/]*$", "", package) || file ~ "^(com/sun|java)/beans/") next
    files[++count] = file
    packages[count] = package
    if (!(package in kept) || (file ~ "[.]class$" && kept[package] !~ "[.]class$")) kept[package] = file
  }
  END {
    for (i = 1; i <= count; i++) if (kept[packages[i]] != files[i]) print "/java.desktop/" files[i]
  }' >"$list"
[ -s "$list" ] || { echo "$jdk/lib/modules has no module java.desktop" >&2; exit 1; }

modules=$(sed -e 's/#.*//' -e '/^-/d' "$here/modules.txt" | tr -s ' \n' ',' | sed -e 's/^,//' -e 's/,$//')
# Not compressed: the image is, and the memory of a mapped file is shared.
"$jdk/bin/jlink" --add-modules "$modules" --strip-debug --no-header-files --no-man-pages --compress=zip-0 \
  --exclude-resources="@$list" --exclude-files='/java.desktop/**' --output "$output"
