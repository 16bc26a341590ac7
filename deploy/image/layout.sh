#!/bin/sh
# Puts Culvert into a root file system: layout.sh ROOT JDK AGENT CNI SBOM. AGENT is the folder with culvert.jar and lib, CNI the
# executable for the runtime, SBOM the list of Java libraries. The same for every way to build the image.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$1 jdk=$2 agent=$3 cni=$4 sbom=$5
home=$root/usr/lib/culvert
: "${SOURCE_DATE_EPOCH:?the time that the files shall have, in seconds since 1970}"

mkdir -p "$home/native" "$root/usr/local/bin" "$root/usr/share/culvert/sbom" "$root/usr/share/doc/culvert" \
  "$root/etc/culvert" "$root/run/culvert" "$root/opt/cni/bin" "$root/etc/cni/net.d" "$root/host/proc/sys/net"
"$here/runtime.sh" "$jdk" "$home/runtime"
cp -R "$agent/culvert.jar" "$agent/lib" "$home/"
cp "$cni" "$home/culvert-cni"
cp "$here/culvert" "$root/usr/local/bin/culvert"
cp "$here/../../LICENSE" "$root/usr/share/doc/culvert/LICENSE"

# Netty would unpack its library to a folder that is not writable in a container.
(cd "$home/native" && for jar in "$home"/lib/netty-transport-native-epoll-*-linux-*.jar; do
  "$jdk/bin/jar" --extract --file "$jar" META-INF/native
done && mv META-INF/native/*.so . && rm -rf META-INF)
# Only those of this processor.
machine=$(uname -m)
find "$home/native" -name '*.so' ! -name "*_${machine}.so" ! -name "*_$(echo "$machine" | sed 's/aarch64/aarch_64/').so" -delete
ls "$home"/native/*.so >/dev/null

cp "$sbom" "$root/usr/share/culvert/sbom/java.cdx.json"
"$here/sbom.sh" "$root" >"$root/usr/share/culvert/sbom/debian.cdx.json"

# What building leaves behind, and what differs each time.
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/* "$root"/var/log/* "$root"/var/backups/* "$root"/var/lib/dpkg/*-old \
  "$root"/etc/machine-id "$root"/etc/hostname "$root"/etc/resolv.conf "$root"/etc/*- "$root"/tmp/* \
  "$root"/usr/share/lintian "$root"/usr/share/linda "$root"/etc/apt/sources.list
: >"$root/etc/resolv.conf"
: >"$root/etc/hostname"
# Nobody becomes anybody else.
find "$root" -xdev -perm /6000 -exec chmod u-s,g-s {} +
chown -R -h 0:0 "$home" "$root/usr/local/bin" "$root/usr/share/culvert" "$root/usr/share/doc/culvert"
chmod -R u=rwX,go=rX "$home" "$root/usr/share/culvert" "$root/usr/share/doc/culvert"
chmod 755 "$root/usr/local/bin/culvert" "$home/culvert-cni"
"$here/settle.sh" "$root"
