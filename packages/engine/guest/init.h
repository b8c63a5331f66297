/* Owns: being process 1: of a virtual machine (init), or of a container that only has to stay (hold); and standing beside another one (attend). */
#ifndef CLOISTER_INIT_H
#define CLOISTER_INIT_H

/* Sets the machine up; what is there already stays. */
void set_machine_up(void);
/* Where another process 1 has set the machine up: leaves the service that started this one, and raises loopback. */
void settle_in_machine(void);
/* Ends every process, writes what is not yet on the disk, and turns the machine off. */
void turn_machine_off(void);
/* Reaps orphans until SIGTERM or SIGINT. */
void hold(void);

#endif
