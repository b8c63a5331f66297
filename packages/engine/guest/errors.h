/* Owns: names. errno as ENOENT, signals as SIGTERM: numbers differ between systems, these do not. */
#ifndef CLOISTER_ERRORS_H
#define CLOISTER_ERRORS_H

const char *error_name(int error);
const char *signal_name(int signal_number);

#endif
