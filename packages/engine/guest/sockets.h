/* Owns: connections on the guest's 127.0.0.1, to a port that the host serves (listen) and to one that the guest serves (connect). */
#ifndef CLOISTER_SOCKETS_H
#define CLOISTER_SOCKETS_H

#include "stream.h"

void listen_open(struct stream *stream, const struct request *request);
void connect_open(struct stream *stream, const struct request *request);

#endif
