# git: objects, histories, merges, packs and bundles, of fixed people and dates.
export GIT_CONFIG_NOSYSTEM=1 HOME="$PWD" GIT_PAGER=cat
export GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.org GIT_COMMITTER_NAME=Bob GIT_COMMITTER_EMAIL=bob@example.org
at() { export GIT_AUTHOR_DATE="$1 +0100" GIT_COMMITTER_DATE="$1 +0200"; }
git config --global init.defaultBranch main
git config --global pack.threads 1
git config --global advice.detachedHead false
git init work && cd work
for step in 1 2 3 4 5 6; do
  at "170000000$step"
  mkdir -p "folder$((step % 3))"
  seq "$step" 7 3000 >"folder$((step % 3))/numbers$step"
  echo "line $step" >>shared
  git add . && git commit -q -m "step $step"
done
at 1700000010
git checkout -q -b side HEAD~2
sed -i '1s/$/ by side/' shared && git commit -q -am "side"
git checkout -q main
git merge -m "merge side" side
git tag -a v1 -m "first"
git log --graph --stat --format='%H %an %ad %s' --date=iso
git diff --word-diff HEAD~2 -- shared
git rev-parse HEAD HEAD^{tree} v1
git ls-tree -r -l HEAD
git blame -s shared
git cat-file --batch-check --batch-all-objects
git repack -adq --depth=20 --window=10
sha256sum .git/objects/pack/*.pack | cut -c1-64
git fsck --full --strict
git bundle create ../all.bundle --all
git bundle verify ../all.bundle
cd ..
git clone -q all.bundle copy
git -C copy log --format='%H %s' -3
git -C copy rebase -q --committer-date-is-author-date HEAD~1 && git -C copy rev-parse HEAD^{tree}
git -C work format-patch -1 --stdout side | git -C work patch-id --stable
git -C work grep -n -E '^(29|14)..$' -- folder1 | sha256sum
git -C work archive --format=tar HEAD | sha256sum
