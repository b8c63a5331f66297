# Shell, perl, awk, sed, sort and their like.
export LC_ALL=C
seq 1 4000 | awk '{ printf "%d %s %.6f %x\n", $1, ($1 * 7919) % 10007, sin($1) * exp($1 / 1000), $1 * $1 }' >table
sha256sum table
sort -k2,2n -k4,4r table | head -n 5
sort -u -k2,2 table | md5sum
awk '{ sum += $3; kinds[$2 % 13]++ } END { printf "%.9f\n", sum; for (at = 0; at < 13; at++) print at, kinds[at] }' table
sed -E 's/([0-9]+) ([0-9]+)/\2:\1/; /9{2}/!d; y/abcdef/ABCDEF/; $a the end' table | tail -n 3
cut -d' ' -f4 table | tr 'a-f' 'A-F' | fold -w 3 | uniq -c | sort -rn | head -n 5
grep -c -E '(12|99)[0-9]*$' table; grep -o -P '(?<=\.)\d{3}(?=1)' table | sha1sum
split -l 700 table part. && wc -l part.* && cat part.* | cmp - table && echo whole
diff <(head -n 9 table) <(head -n 9 table | sed 3d) | head -n 3
join <(sort table) <(seq 1 3 3000 | sort) | sha256sum
paste -d, <(seq 5) <(seq 6 10) | tac | nl
printf '%08.3f|%-10s|%+d|%x|%o|%e\n' 3.14159 left 42 255 8 12345.678
for number in 2 17 7919 1000003; do factor $number; done
echo $((2**62 + 2**61)) $((-7 / 2)) $((-7 % 3)) $((0x7fffffffffffffff + 1)) $((1 << 63))
fib() { local n=$1; if ((n < 2)); then echo "$n"; else echo $(($(fib $((n - 1))) + $(fib $((n - 2))))); fi; }
fib 9
declare -A words; for word in to be or not to be that is; do words[$word]=$((${words[$word]:-0} + 1)); done
for word in "${!words[@]}"; do echo "$word ${words[$word]}"; done | sort
text=abcdefghij; echo "${text:3:4} ${text/[c-e]/-} ${text^^} ${#text} ${text%f*}"
perl -e '
  use strict; use warnings; use List::Util qw(sum shuffle reduce); use Digest::SHA qw(sha256_hex); use Math::BigInt;
  my %seen; $seen{$_ % 97} .= chr(65 + $_ % 26) for 1 .. 3000;
  print sha256_hex(join ",", map { "$_=$seen{$_}" } sort { $a <=> $b } keys %seen), "\n";
  print Math::BigInt->new(3)->bpow(200), "\n";
  printf "%.15g %.3e %s %s\n", sum(map { 1 / $_ } 1 .. 5000), 2 ** 0.5 * 1e100, 9**20, 1e15 / 3;
  my $text = join " ", map { sprintf "%b", $_ * 37 } 1 .. 500; my $count = () = $text =~ /1(01)+1(?!0)/g; print "$count\n";
  print join(",", unpack("(A2)*", pack("N n C w d>", 1, 2, 3, 300, 1.5))) =~ s/[^ -~]/./gr, "\n";
  srand(7); print join(" ", map { int rand 1000 } 1 .. 8), "\n";
  local $SIG{ALRM} = sub { die "alarm\n" }; eval { kill ALRM => $$; 1 while 1 }; print $@;
'
