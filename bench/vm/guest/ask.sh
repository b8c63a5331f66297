#!/bin/sh
# Waits to be typed a line, and says that it is there: what a machine that was saved here does when it goes on.
read -r line
[ "$line" = hello ] && echo "@ready" >/dev/console
