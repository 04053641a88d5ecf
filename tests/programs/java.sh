#!/bin/sh
# A JVM with huge pages and every collector but the experimental ones, each filling its heap; logs go to $1.1, ….
set -eu
folder=$(mktemp -d)
cat >"$folder/Fill.java" <<'JAVA'
public class Fill {
    public static void main(String[] arguments) {
        byte[][] kept = new byte[64][];
        for (int round = 0; round < 4000; round++)
            kept[round % kept.length] = new byte[100_000];
        System.out.println(java.nio.ByteBuffer.allocateDirect(1 << 20).capacity() + kept.length);
    }
}
JAVA
number=0
for options in '-XX:+UseSerialGC' '-XX:+UseG1GC -XX:+AlwaysPreTouch -XX:+UseTransparentHugePages' '-XX:+UseParallelGC'; do
	number=$((number + 1))
	# shellcheck disable=SC2086 # words of one option list
	strace -f -o "$1.$number" java -Xmx64m $options "$folder/Fill.java" >/dev/null
done
rm -rf "$folder"
