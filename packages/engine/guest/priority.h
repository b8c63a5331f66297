/* Owns: that the agent of a virtual machine answers, however busy what runs there keeps it. */
#ifndef CLOISTER_PRIORITY_H
#define CLOISTER_PRIORITY_H

/* From now on this process runs before all others. What it starts does not, but for what calls `keep_ahead`. */
void run_ahead(void);
/* To be called after fork(): goes on running before all others where the parent did. */
void keep_ahead(void);

#endif
