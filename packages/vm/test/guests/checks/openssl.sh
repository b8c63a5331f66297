# OpenSSL: digests, ciphers and keys that are fixed; nothing that draws on chance is printed.
seq 1 20000 >plain
for digest in md5 sha1 sha256 sha512 sha3-256 sha3-512 blake2b512 blake2s256 sm3 ripemd160; do
  openssl dgst "-$digest" plain
done
openssl dgst -shake128 -xoflen 48 plain
openssl dgst -sha256 -hmac secret plain
openssl mac -macopt digest:SHA512 -macopt hexkey:00112233445566778899 -in plain HMAC
key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
iv=0f0e0d0c0b0a09080706050403020100
for cipher in aes-128-cbc aes-256-cbc aes-192-ctr aes-256-ofb aes-128-cfb8 camellia-256-cbc aria-256-ctr chacha20 sm4-cbc; do
  bytes=$(case $cipher in *128*|sm4*) echo 32 ;; *192*) echo 48 ;; *) echo 64 ;; esac)
  openssl enc "-$cipher" -K "${key:0:$bytes}" -iv "$iv" -in plain -out sealed
  openssl enc -d "-$cipher" -K "${key:0:$bytes}" -iv "$iv" -in sealed -out opened
  cmp plain opened && echo "$cipher $(sha256sum <sealed)"
done
openssl enc -aes-256-cbc -pbkdf2 -iter 1500 -S 0011223344556677 -k phrase -in plain | sha256sum
openssl base64 -in plain | tail -n 2
openssl kdf -keylen 40 -kdfopt digest:SHA2-256 -kdfopt key:secret -kdfopt salt:salt -kdfopt info:label HKDF
openssl kdf -keylen 32 -kdfopt pass:phrase -kdfopt salt:sodiumchloride -kdfopt lanes:1 -kdfopt iter:3 -kdfopt memcost:64 ARGON2ID

# Keys of numbers that everybody knows: DER by hand, and an RSA key of two Mersenne primes.
unhex() { python3 -Sc 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.argv[1]))' "$1"; }
unhex "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420$key" | openssl pkey -inform DER -out p256.pem
unhex "302e020100300506032b657004220420$key" | openssl pkey -inform DER -out ed25519.pem
cat >rsa.py <<'PYTHON'
p, q, e = 2**607 - 1, 2**521 - 1, 65537
d = pow(e, -1, (p - 1) * (q - 1))
numbers = [0, p * q, e, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p)]
print("asn1=SEQUENCE:key\n[key]", *(f"n{at}=INTEGER:{number:#x}" for at, number in enumerate(numbers)), sep="\n")
PYTHON
python3 -S rsa.py >rsa.conf
openssl asn1parse -genconf rsa.conf -noout -out rsa.der
openssl rsa -inform DER -in rsa.der -out rsa.pem
openssl rsa -in rsa.pem -check -noout
openssl rsa -in rsa.pem -text -noout | sha256sum
openssl dgst -sha256 -sign rsa.pem -out rsa.sig plain
sha256sum rsa.sig
openssl pkey -in rsa.pem -pubout -out rsa.pub
openssl dgst -sha256 -verify rsa.pub -signature rsa.sig plain
head -c 64 plain | openssl pkeyutl -encrypt -pubin -inkey rsa.pub -pkeyopt rsa_padding_mode:oaep -out rsa.sealed
openssl pkeyutl -decrypt -inkey rsa.pem -pkeyopt rsa_padding_mode:oaep -in rsa.sealed | sha256sum
openssl ec -in p256.pem -text -noout
openssl pkey -in p256.pem -pubout -out p256.pub
openssl dgst -sha384 -sign p256.pem -out p256.sig plain
openssl dgst -sha384 -verify p256.pub -signature p256.sig plain
head -c 64 plain >message
openssl pkeyutl -sign -rawin -inkey ed25519.pem -in message | sha512sum
openssl pkeyutl -derive -inkey p256.pem -peerkey p256.pub | sha256sum
openssl req -x509 -key rsa.pem -sha256 -subj "/O=Cloister/CN=guest" -set_serial 77 -not_before 20250101000000Z -not_after 20350101000000Z -out self.crt
openssl x509 -in self.crt -noout -fingerprint -sha256 -subject -dates
openssl verify -CAfile self.crt self.crt
openssl prime -generate -bits 64 >/dev/null && openssl prime 170141183460469231731687303715884105727 1000000007 1000000008
