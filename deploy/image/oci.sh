#!/bin/sh
# Packs a root file system as an OCI image: oci.sh ROOT ARCHIVE NAME VERSION REVISION. Two layers, what Debian gives and what is
# Culvert's, so that a new version of Culvert replaces only the second.
set -eu
root=$1 archive=$2 name=$3 version=$4 revision=$5
: "${SOURCE_DATE_EPOCH:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
blobs=$work/image/blobs/sha256
mkdir -p "$blobs"
created=$(date --utc --date="@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
case $(uname -m) in aarch64) architecture=arm64 ;; *) architecture=amd64 ;; esac

# Same files, same bytes: sorted, numbers for names, one time. Reads the list of names.
pack() {
  LC_ALL=C sort -z | tar --create --file="$1" --directory="$root" --null --no-recursion --numeric-owner --format=posix \
    --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime --mtime="@$SOURCE_DATE_EPOCH" --files-from=-
}
blob() { # FILE: moves it to its place and says its digest
  digest=$(sha256sum "$1" | cut -d ' ' -f 1)
  mv "$1" "$blobs/$digest"
  echo "$digest"
}
size() { stat --format=%s "$blobs/$1"; }

ours="./usr/lib/culvert ./usr/share/culvert ./usr/share/doc/culvert ./usr/local/bin/culvert"
(cd "$root" && {
  prune=
  for each in $ours; do prune="$prune -path $each -prune -o"; done
  # shellcheck disable=SC2086 # words, on purpose
  find . -xdev $prune -print0 | pack "$work/debian.tar"
  # shellcheck disable=SC2086
  find $ours -xdev -print0 | pack "$work/culvert.tar"
})
layers= diffs=
for layer in debian culvert; do
  diffs="$diffs${diffs:+, }\"sha256:$(sha256sum "$work/$layer.tar" | cut -d ' ' -f 1)\""
  gzip --no-name -9 "$work/$layer.tar"
  digest=$(blob "$work/$layer.tar.gz")
  layers="$layers${layers:+, }{\"mediaType\": \"application/vnd.oci.image.layer.v1.tar+gzip\", \"digest\": \"sha256:$digest\", \"size\": $(size "$digest")}"
done

cat >"$work/config" <<J
{
  "created": "$created", "architecture": "$architecture", "os": "linux",
  "config": {
    "User": "0:0", "Cmd": ["culvert", "agent"], "StopSignal": "SIGTERM",
    "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
    "Labels": {
      "org.opencontainers.image.title": "Culvert",
      "org.opencontainers.image.description": "A pod network for Kubernetes",
      "org.opencontainers.image.version": "$version",
      "org.opencontainers.image.revision": "$revision",
      "org.opencontainers.image.created": "$created",
      "org.opencontainers.image.source": "${CULVERT_SOURCE_URL:-https://culvert.dev}",
      "org.opencontainers.image.licenses": "Apache-2.0"
    }
  },
  "rootfs": {"type": "layers", "diff_ids": [$diffs]},
  "history": [
    {"created": "$created", "created_by": "deploy/image/rootfs.sh"}, {"created": "$created", "created_by": "deploy/image/layout.sh"}
  ]
}
J
config=$(blob "$work/config")
cat >"$work/manifest" <<J
{
  "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
  "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:$config", "size": $(size "$config")},
  "layers": [$layers]
}
J
manifest=$(blob "$work/manifest")
cat >"$work/image/index.json" <<J
{
  "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
  "manifests": [{
    "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:$manifest", "size": $(size "$manifest"),
    "platform": {"architecture": "$architecture", "os": "linux"},
    "annotations": {"org.opencontainers.image.ref.name": "$name", "io.containerd.image.name": "$name"}
  }]
}
J
printf '{"imageLayoutVersion": "1.0.0"}' >"$work/image/oci-layout"
tar --create --file="$archive" --directory="$work/image" --sort=name --numeric-owner --owner=0 --group=0 --mode=a=rX,u+w \
  --mtime="@$SOURCE_DATE_EPOCH" --format=ustar blobs index.json oci-layout
