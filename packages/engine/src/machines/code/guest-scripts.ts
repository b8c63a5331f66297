/** What is run in a machine to take code in and give it out. Shell scripts with arguments: nothing is ever put into their text. */

/** Settings of git in the machine: what the agent configured there must not get in the way. */
const GIT = `git() { command git -c core.hooksPath=/dev/null -c core.fsmonitor=false -c gc.auto=0 -c commit.gpgSign=false \\
  -c core.quotePath=false -c safe.directory='*' "$@"; }
export GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0 GIT_OPTIONAL_LOCKS=0 LC_ALL=C
export GIT_AUTHOR_NAME=Cloister GIT_AUTHOR_EMAIL=cloister@localhost GIT_COMMITTER_NAME=Cloister GIT_COMMITTER_EMAIL=cloister@localhost
set -eu
`;

/** Makes a folder that another user can work in: `$1` the folder, `$2` the user. Run as the agent's own user. */
export const MAKE_FOLDER = `set -eu
mkdir -p "$1"
parent=$1
while [ "$parent" != / ]; do parent=$(dirname "$parent"); chmod a+x "$parent" 2>/dev/null || :; done
if [ -n "$2" ]; then chown "$2" "$1"; fi
`;

/**
 * Takes the bundle in: \`$1\` the workspace, \`$2\` the bundle, \`$3\` the branch, \`$4\` its head, \`$5\` the commit whose files are wanted.
 */
export const TAKE_IN: string = `${GIT}
workspace=$1 bundle=$2 branch=$3 head=$4 wanted=$5
cd "$workspace"
[ -d .git ] || { rm -rf .git; git init --quiet; git config user.name Cloister; git config user.email cloister@localhost; }
rm -f .git/index.lock .git/HEAD.lock
if [ -s "$bundle" ]; then git fetch --quiet --no-tags --force "$bundle" '+refs/worktree/cloister/*:refs/cloister/*'; fi
git symbolic-ref HEAD "refs/heads/$branch"
git update-ref "refs/heads/$branch" "$head"
git read-tree --reset -u "$wanted"
git clean -ffdq
git read-tree "$head"
git update-index -q --refresh || :
rm -f "$bundle"
`;

/** Gives the work out: \`$1\` the workspace, \`$2\` the bundle to make, \`$3\` the commit that the host has. Prints the tree. */
export const GIVE_OUT: string = `${GIT}
cd "$1"
rm -f .git/index.lock
git add -A -- .
tree=$(git write-tree)
if [ "$tree" = "$(git rev-parse "$3^{tree}")" ]; then : > "$2"; echo same; exit 0; fi
commit=$(echo in transit | git commit-tree "$tree" -p "$3" -F -)
git update-ref refs/cloister/out "$commit"
rm -f "$2"
git bundle create --quiet "$2" refs/cloister/out "^$3"
echo changed
`;
