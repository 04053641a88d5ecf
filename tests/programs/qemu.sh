#!/bin/sh
# A machine without a disk, for some seconds, with its memory plain, shared and preallocated; logs go to $1.1, ….
set -eu
number=0
for memory in '-m 256' '-m 256 -object memory-backend-memfd,id=ram,size=256M -machine memory-backend=ram' \
	'-m 64 -mem-prealloc -overcommit mem-lock=on'; do
	number=$((number + 1))
	# shellcheck disable=SC2086 # words of one option list
	timeout 6 strace -f -o "$1.$number" qemu-system-x86_64 $memory -accel tcg -display none -net none 2>/dev/null ||
		[ $? = 124 ]
done
