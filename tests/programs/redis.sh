#!/bin/sh
# A server under a small benchmark, a snapshot by fork, memory given back; the log goes to $1.1.
set -eu
data=$(mktemp -d)
strace -f -o "$1.1" redis-server --port 0 --unixsocket "$data/socket" --dir "$data" --save '' >/dev/null &
server=$!
for _ in $(seq 100); do
	redis-cli -s "$data/socket" ping >/dev/null 2>&1 && break
	sleep 0.2
done
redis-benchmark -s "$data/socket" -q -n 300 -c 5 -d 2000 -r 200 >/dev/null
for command in 'bgsave' 'memory purge' 'flushall async' 'bgrewriteaof' 'config set appendonly yes'; do
	# shellcheck disable=SC2086 # words of one command
	redis-cli -s "$data/socket" $command >/dev/null
	while redis-cli -s "$data/socket" info persistence | grep -q '_in_progress:1'; do sleep 0.1; done
done
redis-cli -s "$data/socket" shutdown nosave
wait "$server"
rm -rf "$data"
