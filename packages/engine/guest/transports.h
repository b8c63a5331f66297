/* Owns: how hosts reach this agent: one over standard input and output, or several over a virtual machine's serial ports. */
#ifndef CLOISTER_TRANSPORTS_H
#define CLOISTER_TRANSPORTS_H

/* Each serves until its hosts have gone (stdio) or it is told to stop, and leaves nothing running. */
void serve_stdio(void);
void serve_ports(void);

#endif
