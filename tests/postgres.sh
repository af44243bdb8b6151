#!/usr/bin/env bash
# postgres.sh COMMAND...: run COMMAND with POSTGRES_TEST_URL naming a throw-away PostgreSQL.
# Debian's PostgreSQL, installed when it is missing; a cluster in a scratch folder on a unix socket
# of its own, which is stopped and removed again whatever becomes of the command.
set -euo pipefail

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

if ! compgen -G '/usr/lib/postgresql/*/bin/initdb' > /dev/null; then
  as_root apt-get -qq update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y postgresql > /dev/null
fi
bin=$(dirname "$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1)")

# PostgreSQL refuses to run as root.
as_postgres=()
[ "$(id -u)" = 0 ] && as_postgres=(runuser -u postgres --)
scratch=$(mktemp -d)
[ "$(id -u)" = 0 ] && chown postgres "$scratch"
stop() {
  (cd / && "${as_postgres[@]}" "$bin/pg_ctl" -D "$scratch/data" -m immediate -s stop) || true
  rm -rf "$scratch"
}
trap stop EXIT

(
  cd /
  "${as_postgres[@]}" "$bin/initdb" -D "$scratch/data" -U footnote -A trust -E UTF8 > /dev/null
  "${as_postgres[@]}" "$bin/pg_ctl" -D "$scratch/data" -l "$scratch/log" -s -w \
    -o "-c listen_addresses= -c unix_socket_directories=$scratch -c fsync=off" start
)
# The folder is passed as host, so that psycopg takes the socket in it.
chmod 755 "$scratch"
POSTGRES_TEST_URL="postgresql://footnote@/postgres?host=$scratch" "$@"
