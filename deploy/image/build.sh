#!/bin/sh
# Builds the image on a root file system of Debian's packages, without any other image:
#   build.sh JDK TREE ARCHIVE VERSION REVISION
# TREE is the source tree with agent, CNI executable and demo built. Needs root, mmdebstrap and iproute2.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
jdk=$1 tree=$(cd "$2" && pwd) archive=$3 version=$4 revision=$5
: "${SOURCE_DATE_EPOCH:?}"
work=$(mktemp -d "${TMPDIR:-/var/tmp}/culvert-image.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 1' INT TERM
root=$work/root

"$here/rootfs.sh" "$root"
"$here/layout.sh" "$root" "$jdk" "$tree/agent/target/culvert" "$tree/cni/target/culvert-cni" \
  "$tree/agent/target/culvert/culvert.cdx.json"

# The training run sees what a container would see, in namespaces that go away with it.
unshare --net --mount --propagation private --pid --fork --kill-child sh -euc '
  root=$1
  ip link set lo up
  ip link add eth0 type veth peer name peer0
  ip address add 172.30.77.1/24 dev eth0
  ip link set eth0 up
  ip link set peer0 up
  mount -t proc proc "$root/proc"
  mount -t sysfs sysfs "$root/sys"
  mount --rbind /dev "$root/dev"
  mount -t tmpfs tmpfs "$root/run"
  mount -t tmpfs tmpfs "$root/tmp"
  mkdir "$root/run/culvert" "$root/tmp/jdk" "$root/tmp/demo" "$root/tmp/image"
  mount --bind "$2" "$root/tmp/jdk"
  mount --bind "$3" "$root/tmp/demo"
  mount --bind "$4" "$root/tmp/image"
  exec chroot "$root" /bin/sh /tmp/image/train.sh /tmp/jdk /tmp/demo
' sh "$root" "$jdk" "$tree/deploy/target/demo" "$here"

chmod 644 "$root/usr/lib/culvert/culvert.aot"
"$here/settle.sh" "$root"
"$here/oci.sh" "$root" "$archive" "${CULVERT_IMAGE_NAME:-localhost/culvert:$version}" "$version" "$revision"
