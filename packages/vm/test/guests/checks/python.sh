# CPython: arithmetic, text, digests, threads and processes.
cat >check.py <<'PYTHON'
import cmath, decimal, fractions, hashlib, itertools, json, math, random, re, statistics, struct
import subprocess, sys, threading, zlib

print(sys.version_info[:3], sys.byteorder, sys.maxsize, sys.float_info.max, sys.float_info.epsilon)

random.seed(20240229)
samples = [random.uniform(-1e3, 1e3) for _ in range(200)] + [0.1, -0.0, 5e-324, 1.7e308, 2.0**0.5, 1e22, 1e23]
for function in (math.sin, math.cos, math.tan, math.atan, math.sinh, math.exp, math.expm1, math.erf, math.cbrt):
    digest = hashlib.sha256()
    for value in samples:
        try:
            digest.update(function(value).hex().encode())
        except (OverflowError, ValueError) as error:
            digest.update(str(error).encode())
    print(function.__name__, digest.hexdigest())
print([repr(value) for value in samples[:6]], [f"{value:.17g}" for value in samples[-7:]])
print(math.fsum(samples[:200]).hex(), sum(samples[:200]).hex(), statistics.pstdev(samples[:200]).hex())
print(math.gamma(10.5).hex(), math.lgamma(1e10).hex(), math.hypot(3e200, 4e200).hex(), math.fma(0.1, 10, -1.0).hex())
print(cmath.exp(1 + 2j), cmath.sqrt(-2 + 0.5j), math.remainder(1e17, 3), math.nextafter(1.0, 2.0).hex())
print([round(value / 8, 1) for value in range(-9, 9)], 7 // -2, 7 % -2, -7.5 // 2, -7.5 % 2)
print(float("inf") - 1, float("nan"), int(1e300) % 10**9, 1e16 + 1.0, 0.1 + 0.2)

big = math.factorial(700)
print(hashlib.sha256(str(big).encode()).hexdigest(), big.bit_length(), math.isqrt(big) % 10**18)
print(pow(3, 10**40, 2**127 - 1), pow(7, -1, 2**255 - 19), (big << 77) % (2**521 - 1) % 10**20)
print(fractions.Fraction(1, 3) ** 20 + fractions.Fraction(22, 7), fractions.Fraction.from_float(0.1))

decimal.getcontext().prec = 60
print(decimal.Decimal(2).sqrt(), decimal.Decimal(10).ln(), decimal.Decimal("1.1") ** 50, decimal.Decimal(1) / 7)
for rounding in ("ROUND_HALF_EVEN", "ROUND_UP", "ROUND_FLOOR", "ROUND_05UP"):
    print(rounding, [str(decimal.Decimal(f"{n}.5").quantize(decimal.Decimal(1), rounding=rounding)) for n in range(-3, 4)])

tree = {"a": [1, 2.5, None, True, "é\u2028\n"], "b": {"c": [[]] * 3, "d": -1e-7}}
text = json.dumps(tree, sort_keys=True, indent=1)
print(text, json.loads(text) == tree)
for name in sorted({"md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "blake2b", "blake2s"}):
    print(name, hashlib.new(name, bytes(range(256)) * 777).hexdigest())
print(hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 2000).hex(), hashlib.scrypt(b"p", salt=b"s", n=64, r=8, p=1).hex())
print(zlib.crc32(bytes(range(256)) * 99), zlib.adler32(b"cloister" * 1000))

lines = "\n".join(f"{n:05d} <{'x' * (n % 7)}@example.{n % 3}.org>  {n * n}" for n in range(500))
found = re.findall(r"^(\d+)\s<(x{2,5})@(?:\w+\.)+org>\s+(\d+?)(00|25)$", lines, re.M)
print(len(found), found[:3], hashlib.md5(re.sub(r"(?i)\b([a-z])(\w*)", lambda m: m[2] + m[1], lines).encode()).hexdigest())
for layout in ("<bhiqfd", ">BHIQfd", "!3s2x?e", "@lnNP"):
    print(layout, struct.calcsize(layout))
print(struct.pack("<bhiqfd", -1, -2, -3, -4, 1.1, 1.1).hex(), struct.unpack(">e", b"\x3c\x01"), struct.pack("<e", 65504.0).hex())

total, lock, barrier = [0], threading.Lock(), threading.Barrier(6)
def work(number):
    barrier.wait()
    for step in range(2000):
        with lock:
            total[0] += number * step
threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print("threads", total[0])

done = subprocess.run(["sort", "-rn"], input="\n".join(map(str, range(300))), capture_output=True, text=True, check=True)
print(done.returncode, hashlib.sha1(done.stdout.encode()).hexdigest())
failed = subprocess.run([sys.executable, "-c", "import sys; sys.stderr.write('no\\n'); sys.exit(7)"], capture_output=True)
print(failed.returncode, failed.stderr)
killed = subprocess.run(["sh", "-c", "kill -SEGV $$"])
print("signal", killed.returncode)

def sieve(limit):
    flags = bytearray([1]) * limit
    for number in range(2, math.isqrt(limit) + 1):
        if flags[number]:
            flags[number * number :: number] = bytes(len(range(number * number, limit, number)))
    return sum(flags[2:])
print(sieve(200_000), len(list(itertools.permutations(range(7)))), sum(random.sample(range(10**6), 500)))
matrix = [[random.random() for _ in range(24)] for _ in range(24)]
product = [[sum(map(float.__mul__, row, column)) for column in zip(*matrix)] for row in matrix]
print(hashlib.sha256(repr(product).encode()).hexdigest())
try:
    exec("def deep(n): return deep(n + 1)\ndeep(0)")
except RecursionError as error:
    print("recursion", type(error).__name__)
PYTHON
python3 -S check.py
