#!/bin/sh
# Makes the compressed files of this folder out of text.txt, each by the tool of its format.
set -eu
cd "$(dirname "$0")"
i=0
while [ $i -lt 60 ]; do
	echo "$i: the quick brown fox jumps over the lazy dog, and $((i * 7919 % 1000)) times back"
	i=$((i + 1))
done >text.txt
gzip -9nc text.txt >text.gz
bzip2 -9c text.txt >text.bz2
xz -6c --check=crc64 text.txt >text.xz
zstd -qc --check text.txt >text.zst
xz -9ec --lzma2=dict=256MiB text.txt >large-dictionary.xz
