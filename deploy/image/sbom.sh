#!/bin/sh
# Writes which of Debian's packages a root file system holds, as CycloneDX 1.6: sbom.sh ROOT
set -eu
: "${SOURCE_DATE_EPOCH:?}"
cat <<J
{
  "bomFormat": "CycloneDX",
  "specVersion": "1.6",
  "version": 1,
  "metadata": {
    "timestamp": "$(date --utc --date="@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)",
    "component": {"type": "operating-system", "name": "debian", "version": "12"}
  },
  "components": [
J
# ~, + and : are escaped in package URLs.
dpkg-query --admindir="$1/var/lib/dpkg" --show \
  --showformat='${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\n' | LC_ALL=C sort |
  awk -F '\t' '
    function escaped(text) { gsub(/%/, "%25", text); gsub(/[+]/, "%2B", text); gsub(/:/, "%3A", text); return text }
    {
      printf "%s    {\"type\": \"library\", \"name\": \"%s\", \"version\": \"%s\", ", (NR > 1 ? ",\n" : ""), $1, $2
      printf "\"purl\": \"pkg:deb/debian/%s@%s?arch=%s&distro=debian-12\", ", escaped($1), escaped($2), $3
      printf "\"properties\": [{\"name\": \"debian:source\", \"value\": \"%s %s\"}]}", $4, $5
    }'
printf '\n  ]\n}\n'
