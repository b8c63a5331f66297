/*
 * cloister-guest: Cloister's agent in a machine. Owns: the command line, nothing else.
 *
 *   cloister-guest serve --stdio   one host, over standard input and output
 *   cloister-guest serve           several hosts, over the virtual machine's serial ports
 *   cloister-guest init            as process 1 of a virtual machine: sets it up, then serves its ports
 *   cloister-guest attend          in a virtual machine with a process 1 of its own: serves its ports
 *   cloister-guest hold            as process 1 of a container: reaps, ends on SIGTERM
 *   cloister-guest --version
 */
#include <stdio.h>
#include <string.h>

#include "init.h"
#include "priority.h"
#include "protocol.h"
#include "transports.h"

static int is(int count, char **arguments, int index, const char *word) {
  return count > index && strcmp(arguments[index], word) == 0;
}

int main(int count, char **arguments) {
  if (is(count, arguments, 1, "--version")) {
    printf("cloister-guest %s, protocol %d\n", PROGRAM_VERSION, PROTOCOL_VERSION);
    return 0;
  }
  if (is(count, arguments, 1, "serve") && is(count, arguments, 2, "--stdio")) {
    serve_stdio();
    return 0;
  }
  if (is(count, arguments, 1, "serve") && count == 2) {
    serve_ports();
    return 0;
  }
  if (is(count, arguments, 1, "init")) {
    set_machine_up();
    run_ahead();
    serve_ports();
    turn_machine_off();
    return 0;
  }
  if (is(count, arguments, 1, "attend") && count == 2) {
    settle_in_machine();
    run_ahead();
    serve_ports();
    return 0;
  }
  if (is(count, arguments, 1, "hold") && count == 2) {
    hold();
    return 0;
  }
  fprintf(stderr, "Expected: cloister-guest serve [--stdio] | init | attend | hold | --version\n");
  return 64;
}
