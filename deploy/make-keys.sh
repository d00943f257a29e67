#!/bin/bash
# One API key for the indexer and one for readers, each in a volume of its own; once.
set -eu
password=$(cat /run/secrets/elastic-password)
for name in indexer reader; do
    file=/keys/$name/key
    [ -s "$file" ] && continue
    # The password goes by a pipe: arguments are seen by every process.
    answer=$(printf 'user = "elastic:%s"' "$password" |
        curl --silent --show-error --fail --config - --cacert /authority/ca.crt \
            --header "Content-Type: application/json" \
            --data "@/deploy/elasticsearch/$name.json" \
            "$ELASTICSEARCH/_security/api_key")
    encoded=$(printf '%s' "$answer" | sed -n 's/.*"encoded":"\([^"]*\)".*/\1/p')
    [ -n "$encoded" ] || { echo "no key in the answer for $name" >&2; exit 1; }
    umask 077
    printf '%s' "$encoded" >"$file"
    chown 10001 "$file"
    chmod 400 "$file"
done
