# Compressors, there and back; what they make is the same to the byte.
{ seq 1 60000; head -c 300000 "$(command -v bash)"; yes cloister | head -n 20000; } >plain
sha256sum plain
for tool in "gzip -n" "gzip -n9" "gzip -n1" "xz -T1" "xz -T1 -9e --check=sha256" "bzip2" "zstd -q" "lz4 -q"; do
  command -v ${tool%% *} >/dev/null || { echo "no ${tool%% *}"; continue; }
  $tool -c <plain >packed
  echo "$tool $(wc -c <packed) $(sha256sum <packed)"
  ${tool%% *} -dc <packed | cmp - plain && echo same
done
tar --sort=name --mtime=@0 --owner=0 --group=0 -cf packed.tar plain packed && sha256sum packed.tar && tar tvf packed.tar
python3 -S - <<'PYTHON'
import bz2, hashlib, lzma, zlib
plain = open("plain", "rb").read()
for name, made in (("zlib", zlib.compress(plain, 6)), ("bz2", bz2.compress(plain[:300000])), ("lzma", lzma.compress(plain[:300000], preset=2))):
    print(name, len(made), hashlib.sha256(made).hexdigest())
print(zlib.decompress(zlib.compress(plain)) == plain)
PYTHON
cksum plain; sum plain; md5sum plain; b2sum plain
