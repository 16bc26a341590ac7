#!/bin/sh
# Gives every file the time of the sources: settle.sh ROOT
set -eu
find "$1" -xdev -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH:?}" {} +
