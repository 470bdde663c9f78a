#!/usr/bin/env bash
# Reads a layer of the service with curl: curl_layers.sh ADDRESS/api KEY LAYER [FILTER]
# Writes LAYER.geojson, LAYER.csv and LAYER.fgb (FlatGeobuf) of what fits the filter (CQL2) into this folder.
set -euo pipefail
address=$1 key=$2 layer=$3 filter=${4:-}
items="$address/collections/$layer/items"
for format in json:geojson csv:csv fgb:fgb; do
  # the key is given on standard input: other users of the machine see the arguments of a program
  printf 'header = "Authorization: Bearer %s"\n' "$key" |
    curl --fail-with-body --silent --show-error --config - --get "$items" \
      --data-urlencode "f=${format%:*}" ${filter:+--data-urlencode "filter=$filter"} \
      --output "$layer.${format#*:}"
done
