/**
 * The guardian, for any POSIX shell. Arguments: the name of the marker's variable, and the marker to end.
 * It waits in `read`, which costs nothing, until its input says `stop` or ends, which it does when the parent dies in any way.
 *
 * `table` prints pid, state, parent and start of every process; `marked` the pids of those with the marker; `look` prints `pid:start` of every living process
 * that is marked, descends from one that is, or is among those that were seen before (`$1`). Variable and value never stand together in an argument, so that where
 * `ps` prints environments and arguments alike, the guardian does not find itself.
 */
export const GUARDIAN_SCRIPT: string = String.raw`
export LC_ALL=C
name=$1 marker=$2
IFS= read -r word && [ "$word" = stop ] && exit 0

if [ -r /proc/self/environ ]; then
  table() { cat /proc/[0-9]*/stat | sed 's/^\([0-9]*\) (.*) \(.\) \([0-9]*\) \([-0-9]* \)\{17\}\([0-9]*\) .*/\1 \2 \3 \5/'; }
  # With more than one file, head names each before what is in it.
  marked() {
    head -c 4194304 /proc/[0-9]*/environ | tr '\0' '\n' | awk -v wanted="$name=$marker" '
      /^==> \/proc\/[0-9]+\/environ <==$/ { split($2, part, "/"); pid = part[3] }
      $0 == wanted || index($0, wanted ":") == 1 { print pid }'
  }
else
  table() { ps -axo pid=,stat=,ppid=,lstart= | awk '{ print $1, substr($2, 1, 1), $3, $5 $6 $7 }'; }
  marked() {
    ps -axEwwo pid=,command= | awk -v name="$name" -v marker="$marker" '
      BEGIN { wanted = " " name "=" marker }
      index($0 " ", wanted " ") || index($0, wanted ":") { print $1 }'
  }
fi

look() {
  table | awk -v marked="$(echo $(marked))" -v known="$1" -v self="$$" '
    BEGIN {
      count = split(marked, pids, " "); for (i = 1; i <= count; i++) ours[pids[i]] = 1
      count = split(known, tokens, " "); for (i = 1; i <= count; i++) seen[tokens[i]] = 1
    }
    $1 > 1 && $1 != self && $2 !~ /[ZXx]/ { parent[$1] = $3; token[$1] = $1 ":" $4; if (token[$1] in seen) ours[$1] = 1 }
    END {
      do { grown = 0; for (pid in token) if (!(pid in ours) && (parent[pid] in ours)) grown = ours[pid] = 1 } while (grown)
      for (pid in token) if (pid in ours) print token[pid]
    }'
}
end_all() { for token in $living; do kill -s "$1" "${"$"}{token%%:*}"; done; }
now() { date +%s; }

living=$(echo $(look ""))
end_all TERM
begun=$(now)
while [ -n "$living" ]; do
  sleep 0.2 || sleep 1
  living=$(echo $(look "$living"))
  waited=$(($(now) - begun))
  [ "$waited" -ge 10 ] && exit 1
  [ "$waited" -ge 1 ] && end_all KILL
done
`;
