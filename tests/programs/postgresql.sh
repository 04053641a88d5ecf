#!/bin/sh
# initdb, then a server with pgbench and a query that sorts and runs in parallel; logs go to $1.1 and $1.2.
set -eu
bin=$(dirname -- "$(readlink -f -- "$(command -v initdb || echo /usr/lib/postgresql/*/bin/initdb)")")
data=$(mktemp -d)
log=$data/log
user=
if [ "$(id -u)" = 0 ]; then # it refuses to run as root
	chown postgres "$data"
	user="setpriv --reuid=postgres --regid=postgres --clear-groups"
fi
cd "$data"
$user strace -f -o "$log.1" "$bin/initdb" -A trust -D "$data/db" >/dev/null
$user strace -f -o "$log.2" "$bin/postgres" -D "$data/db" -k "$data" -h '' 2>/dev/null &
server=$!
for _ in $(seq 100); do
	"$bin/pg_isready" -q -h "$data" && break
	sleep 0.2
done
$user "$bin/pgbench" -h "$data" -i -q postgres 2>/dev/null
$user "$bin/pgbench" -h "$data" -c 2 -t 20 postgres >/dev/null 2>&1
$user "$bin/psql" -q -h "$data" postgres >/dev/null <<'SQL'
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SELECT sum(abalance) FROM pgbench_accounts GROUP BY bid;
SET work_mem = '64MB';
SELECT count(*) FROM (SELECT * FROM pgbench_accounts ORDER BY filler, aid DESC OFFSET 0) AS sorted;
VACUUM ANALYZE;
SQL
$user "$bin/pg_ctl" -D "$data/db" stop -m fast >/dev/null
wait "$server"
mv "$log.1" "$1.1"
mv "$log.2" "$1.2"
rm -rf "$data"
