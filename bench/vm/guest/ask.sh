#!/bin/sh
# Waits to be typed a line, and says that it is there: what a machine that was saved here does when it goes on. It is saved when it has
# nothing else to do: Linux goes on testing its cryptography for a second or two after its first program has started.
sleep 5
echo "@waiting" >/dev/console
read -r line
[ "$line" = hello ] && echo "@ready" >/dev/console
