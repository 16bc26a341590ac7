#!/bin/sh
# Writes the AOT cache of the image: train.sh JDK DEMO, inside the image's root file system, where JDK is a whole JDK and DEMO the
# folder of culvert-demo.jar. An agent is started against an API in memory, with as much of its work as this container may do.
set -eu
jdk=$1 demo=$2
exec "$jdk/bin/java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$demo/culvert-demo.jar" \
  dev.culvert.demo.TrainingMain /usr/local/bin/culvert /usr/lib/culvert/culvert.aot
