#!/bin/sh
# Writes .env beside docker-compose.yml: a random secret for everybody who needs one. Never touches an existing file,
# since the servers keep the passwords that they were first started with.
set -eu
umask 077
set -C # a file that appears meanwhile is not overwritten either
cd "$(dirname "$0")/.."

if [ -e .env ] || [ -L .env ]; then
    echo "make-env.sh: .env exists already; nothing was changed" >&2
    exit 1
fi

# 40 letters and digits are 238 bits, and need no escaping in a URL or in .env.
secret() {
    made=$(LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 40)
    if [ "${#made}" -ne 40 ]; then
        echo "make-env.sh: /dev/urandom gave no secret" >&2
        exit 1
    fi
    echo "$made"
}

lines="# Secrets of docker-compose.yml, made by deploy/make-env.sh. Keep a copy in a safe place."
for name in ELASTIC_PASSWORD KIBANA_SYSTEM_PASSWORD KIBANA_ENCRYPTION_KEY WORKER_PASSWORD READER_PASSWORD REDIS_PASSWORD; do
    value=$(secret)
    lines="$lines
$name=$value"
done
lines="$lines
# Sent to publishers with every request: put a URL or address in it where they can reach you.
USER_AGENT="
printf '%s\n' "$lines" >.env
echo ".env written: log in to Kibana as reader, with READER_PASSWORD"
