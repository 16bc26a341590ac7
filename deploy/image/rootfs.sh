#!/bin/sh
# Makes the root file system of the image from Debian's packages: rootfs.sh DIRECTORY. Needs mmdebstrap and root. With
# CULVERT_DEBIAN_MIRROR it takes them from there, for example from a day's state of snapshot.debian.org.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$1
packages=$(sed -e 's/#.*//' "$here/packages.txt" | tr -s ' \n' ',' | sed -e 's/^,//' -e 's/,$//')

mmdebstrap --quiet --mode=root --variant=essential --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr --include="$packages" \
  --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/bash-completion/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  bookworm "$root" ${CULVERT_DEBIAN_MIRROR:+"$CULVERT_DEBIAN_MIRROR"}
